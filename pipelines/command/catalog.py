"""Commands on the catalogue: list it, check it for what can never happen, and compare two of them."""

from typing import Annotated

import typer

from pipelines.command.options import HERE, HomeOption, JsonOption, WorkspaceOption, echo, home_of
from pipelines.exit_code import ExitCode

app = typer.Typer(name="catalog", invoke_without_command=True)


@app.callback()
def catalog(context: typer.Context, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Check the catalogue and the features of a workspace, and list its actions."""
    if context.invoked_subcommand is not None:
        return
    from pipelines.catalog import catalog_in_words, checked_catalog

    echo(checked_catalog(workspace), as_json=as_json, words=catalog_in_words)


def check(
    workspace: WorkspaceOption = HERE,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where anything is found.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find what can never happen: actions nobody is offered, conditions that contradict, fallbacks that miss."""
    from pipelines.catalog_check import advice_in_words, checked

    found = checked(workspace)
    echo(found, as_json=as_json, words=advice_in_words)
    raise typer.Exit(ExitCode.FAILED if strict and found else ExitCode.DONE)


def diff(
    before: Annotated[str, typer.Argument(help="A catalogue's file, or the version of one that decided in this home.")],
    after: Annotated[str, typer.Argument(help="The other one (default: the workspace's).")] = "",
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Say what differs between two catalogues, field by field."""
    from pipelines.catalog_diff import changes_in_words, compared

    echo(compared(before, after, home_of(home, workspace), workspace), as_json=as_json, words=changes_in_words)


for command in (check, diff):
    app.command()(command)
GROUPS = (app,)
