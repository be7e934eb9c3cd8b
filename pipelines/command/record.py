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
)


def ingest(
    file: Annotated[Path, typer.Argument(help="JSON Lines of Segment-spec events (.jsonl or .jsonl.gz).")],
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    source: Annotated[str, typer.Option(help="Name of the source, kept with every record.")] = "file",
    live: Annotated[
        bool, typer.Option("--live", help="Events happen now (default: a backfill of what was known at its own time).")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read a file of events into the ledger; what cannot be used is kept with its reason."""
    from pipelines.ingest import ingest_file, ingested_in_words

    result = ingest_file(home_of(home, workspace), workspace, file, source=source, backfill=not live)
    echo(result, as_json=as_json, words=ingested_in_words)


def rejects(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show what was rejected, and why."""
    from pipelines.rejects import newest_rejects, rejects_in_words

    echo(newest_rejects(home_of(home, workspace), limit=limit), as_json=as_json, words=rejects_in_words)


def resolve(home: HomeOption = None, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Rebuild identities and the golden record from the ledger."""
    from pipelines.resolve import resolve_all, resolved_in_words

    echo(resolve_all(home_of(home, workspace), workspace), as_json=as_json, words=resolved_in_words)


def materialize(home: HomeOption = None, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Bring the feature history (Parquet), the online store and Feast's registry up to the ledger."""
    from pipelines.materialize import materialize_features, materialized_in_words

    echo(materialize_features(home_of(home, workspace), workspace), as_json=as_json, words=materialized_in_words)


COMMANDS = (
    ingest,
    rejects,
    resolve,
    materialize,
)
