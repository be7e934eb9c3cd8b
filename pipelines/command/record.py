"""Commands on what is known: events in, rejects, identities, profiles, features."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.command.options import (
    HERE,
    HomeOption,
    JsonOption,
    WorkspaceOption,
    echo,
    home_of,
    is_external,
    recorded_home,
)


def ingest(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="JSON Lines of events, or a table that a mapping reads; none: the workspace's own golden record.",
        ),
    ] = None,
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    mapping: Annotated[
        str | None, typer.Option(help="A mapping of mappings.yaml (default: the one whose patterns fit the file).")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Name of the source, kept with every record (default: the mapping's, or file).")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Events happen now (default: a backfill of what was known at its own time).")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Read a file anew that was read to its end before.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read a file into the ledger, from where an interrupted run ended; what cannot be used is kept with its reason."""
    if file is None:
        from pipelines.external.read import external_in_words, ingest_external

        if not is_external(workspace):
            raise typer.BadParameter("Missing argument 'FILE'; only an external golden record is read without")
        echo(ingest_external(home_of(home, workspace), workspace), as_json=as_json, words=external_in_words)
        return
    from pipelines.ingest import Wanted, ingest_file, ingested_in_words

    wanted = Wanted(source, mapping, backfill=not live, again=again)
    echo(ingest_file(home_of(home, workspace), workspace, file, wanted), as_json=as_json, words=ingested_in_words)


def rejects(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 20,
    source: Annotated[str | None, typer.Option(help="Only those of this source.")] = None,
    code: Annotated[str | None, typer.Option(help="Only those with this code.")] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Try them again, after a mapping or a contract was changed.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write them all, with what they said (personal data), as JSON Lines.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was rejected, and why; write it to a file; or try it again."""
    from pipelines.rejects import (
        Wanted,
        newest_rejects,
        rejects_in_words,
        replay_rejects,
        replayed_in_words,
        write_rejects,
        written_in_words,
    )

    place, wanted = recorded_home(home, workspace), Wanted(source, code, limit)
    if replay:
        echo(replay_rejects(place, workspace, wanted), as_json=as_json, words=replayed_in_words)
    elif out is not None:
        echo(write_rejects(place, wanted, out), as_json=as_json, words=written_in_words)
    else:
        echo(newest_rejects(place, wanted), as_json=as_json, words=rejects_in_words)


def quality(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what came from each source: rows, rejected, duplicates, freshness, completeness, drift."""
    from pipelines.quality import quality_as_dict, quality_in_words, quality_report

    report = quality_report(recorded_home(home, workspace), workspace, source=source)
    echo(quality_as_dict(report) if as_json else report, as_json=as_json, words=quality_in_words)


def resolve(home: HomeOption = None, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Rebuild identities and the golden record from the ledger."""
    from pipelines.resolve import resolve_all, resolved_in_words

    echo(resolve_all(recorded_home(home, workspace), workspace), as_json=as_json, words=resolved_in_words)


def materialize(home: HomeOption = None, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Bring the feature history (Parquet), the online store and Feast's registry up to the ledger."""
    from pipelines.materialize import materialize_features, materialized_in_words

    echo(materialize_features(home_of(home, workspace), workspace), as_json=as_json, words=materialized_in_words)


COMMANDS = (
    ingest,
    rejects,
    quality,
    resolve,
    materialize,
)
