"""Commands that customers, and the law, may ask for."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.command.options import HERE, HomeOption, JsonOption, WorkspaceOption, echo, home_of, recorded_home

CustomerArgument = Annotated[str, typer.Argument(help="kind:value, such as user_id:u-17 or email:a@example.org.")]


def erase(
    identifiers: Annotated[
        list[str] | None, typer.Argument(help="kind:value of each customer, such as user_id:u-17.")
    ] = None,
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="A file of kind:value, one a line; - reads standard input.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Erase customers everywhere, for good; a replay of old files does not bring them back."""
    from pipelines.erase import erase_customers, erased_in_words
    from pipelines.reference import references_of

    if not identifiers and from_file is None:
        raise typer.BadParameter("name a customer, such as user_id:u-17, or a file of them: --from")
    references = references_of([*(identifiers or ()), *_lines(from_file)])
    echo(erase_customers(recorded_home(home, workspace), workspace, references), as_json=as_json, words=erased_in_words)


def export(
    identifier: CustomerArgument,
    out: Annotated[Path, typer.Option(help="The file to write; only its owner may read it.")],
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write everything that is kept of one customer, with lineage and reasons, as one JSON object."""
    from pipelines.export import export_customer, exported_in_words

    done = export_customer(recorded_home(home, workspace), workspace, identifier, out=out)
    echo(done, as_json=as_json, words=exported_in_words)


def object(  # noqa: A001 (the name of the command)
    identifier: CustomerArgument,
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    to: Annotated[
        list[str] | None,
        typer.Option(help="A purpose, more than once for several (default: profiling, and all that need consent)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Record that a customer objects to profiling or marketing; every later decision obeys."""
    from pipelines.object import object_for, objected_in_words

    done = object_for(recorded_home(home, workspace), workspace, identifier, to=to or ())
    echo(done, as_json=as_json, words=objected_in_words)


def retain(home: HomeOption = None, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Delete what is older than `[retention]` in tsugi.toml allows, everywhere; run it once a day."""
    from pipelines.retain import retain_home, retained_in_words

    echo(retain_home(recorded_home(home, workspace), workspace), as_json=as_json, words=retained_in_words)


def backup(
    out: Annotated[Path, typer.Option(help="The file to write; only its owner may read it.")],
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Back a home up while it is in use."""
    from pipelines.backup import back_up, backed_up_in_words

    echo(back_up(home_of(home, workspace), out), as_json=as_json, words=backed_up_in_words)


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    erasures: Annotated[
        Path | None, typer.Option(help="The log of erasures of the home that was backed up (erasures.jsonl).")
    ] = None,
    nothing_erased: Annotated[
        bool, typer.Option("--nothing-erased", help="You know that nobody was erased since the backup.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Restore a backup into a new home; whoever was erased since stays erased."""
    from pipelines.restore import restore as restore_home
    from pipelines.restore import restored_in_words

    done = restore_home(home_of(home, workspace), workspace, file, erasures=erasures, nothing_erased=nothing_erased)
    echo(done, as_json=as_json, words=restored_in_words)


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip()]


COMMANDS = (
    erase,
    export,
    object,
    retain,
    backup,
    restore,
)
