"""Commands that watch: monitor."""

from typing import Annotated

import typer

from pipelines.command.options import HERE, AsOfOption, HomeOption, JsonOption, WorkspaceOption, echo, recorded_home


def monitor(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_of: AsOfOption = None,
    sample: Annotated[
        int | None,
        typer.Option(
            min=0, help="Decisions whose features are computed anew (default: skew_sample of [monitor], 300)."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare what is served with what was learned from.

    Exits: 0 all well, 11 no champion, 13 retrain, 14 look at it first, 15 bad data, 16 no store, 17 altered.
    """
    from pipelines.monitoring.monitor import monitor_workspace
    from pipelines.monitoring.told import monitored_in_words

    seen = monitor_workspace(recorded_home(home, workspace), workspace, as_of=as_of, sample=sample)
    echo(seen, as_json=as_json, words=monitored_in_words)
    raise typer.Exit(seen.exit_code)


COMMANDS = (monitor,)
