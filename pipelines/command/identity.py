"""Commands on who is who: merge and unmerge customers."""

from typing import Annotated

import typer

from pipelines.command.options import HERE, HomeOption, JsonOption, WorkspaceOption, echo, home_of

_CUSTOMER = "kind:value, such as user_id:u-17, or a customer's id, such as c_d27ad701a6859b35."
OneArgument = Annotated[str, typer.Argument(help=_CUSTOMER)]
OtherArgument = Annotated[str, typer.Argument(help=_CUSTOMER)]
ReasonOption = Annotated[str, typer.Option(help="Why, kept with the record.")]
ByOption = Annotated[str, typer.Option(help="Who says so, kept with the record.")]


def merge(
    one: OneArgument,
    other: OtherArgument,
    reason: ReasonOption = "an operator says so",
    by: ByOption = "operator",
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Say that two identifiers belong to one customer; everything known of both follows."""
    from pipelines.merge import Word, said_in_words, say

    said = say(home_of(home, workspace), workspace, Word("merge", one, other, reason, by))
    echo(said, as_json=as_json, words=said_in_words)


def unmerge(
    one: OneArgument,
    other: OtherArgument,
    reason: ReasonOption = "an operator says so",
    by: ByOption = "operator",
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Say that two identifiers are two customers; each gets back what is its own."""
    from pipelines.merge import Word, said_in_words, say

    said = say(home_of(home, workspace), workspace, Word("unmerge", one, other, reason, by))
    echo(said, as_json=as_json, words=said_in_words)


COMMANDS = (merge, unmerge)
