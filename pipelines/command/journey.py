"""Commands on the ways customers go."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.command.options import HERE, HomeOption, JsonOption, WorkspaceOption, note, recorded_home


def moment(value: datetime | None) -> datetime | None:
    """A moment; one without an offset is UTC, so that a plain day will do."""
    return value if value is None or value.tzinfo is not None else value.replace(tzinfo=UTC)


def journeys(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    journey: Annotated[str | None, typer.Option(help="One journey alone (default: every one).")] = None,
    since: Annotated[
        datetime | None, typer.Option(callback=moment, help="When the period begins (default: a year before its end).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(callback=moment, help="When the period ends (default: with the newest record).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for tables and pictures.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Map the journeys: stages, ways, paths, pain points; of all journeys and the usual period also for the service."""
    from pipelines.journeys import Asked, draw_journeys

    document = draw_journeys(recorded_home(home, workspace), workspace, Asked(journey, since, until))
    if as_json:
        print(json.dumps(document))
    else:
        from rich.console import Console

        from pipelines.journey_tables import print_journeys

        print_journeys(document, console=Console(width=180))
    if out is not None:
        from pipelines.journey_files import write_files

        for path in write_files(document, out):
            note(f"wrote {path}")


COMMANDS = (journeys,)
