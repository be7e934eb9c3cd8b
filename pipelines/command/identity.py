"""Commands on who is who: merge and unmerge customers."""

from typing import Annotated, Literal

import typer

from pipelines.command.options import HERE, HomeOption, JsonOption, WorkspaceOption, echo, recorded_home

Action = Literal["list", "accept", "decline"]
State = Literal["open", "accepted", "declined"]
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

    said = say(recorded_home(home, workspace), workspace, Word("merge", one, other, reason, by))
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

    said = say(recorded_home(home, workspace), workspace, Word("unmerge", one, other, reason, by))
    echo(said, as_json=as_json, words=said_in_words)


def review(
    action: Annotated[Action, typer.Argument(help="list, accept (one customer) or decline (two).")] = "list",
    review_id: Annotated[str, typer.Argument(metavar="ID", help="The pair, of accept and decline.")] = "",
    state: Annotated[State, typer.Option(help="Which pairs to list: open, accepted or declined.")] = "open",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the weightiest first.")] = 20,
    reason: ReasonOption = "reviewed",
    by: ByOption = "operator",
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """List the pairs that wait for a person to say whether they are one customer, or decide one of them."""
    from pipelines.merge import said_in_words
    from pipelines.review import Decided, decide_review, list_reviews, reviews_in_words

    if (action == "list") is bool(review_id):
        raise typer.BadParameter("accept and decline need the ID of a pair, list needs none")
    place = recorded_home(home, workspace)
    if action == "list":
        echo(list_reviews(place, workspace, state=state, limit=limit), as_json=as_json, words=reviews_in_words)
    else:
        said = decide_review(place, workspace, Decided(review_id, action == "accept", reason, by))
        echo(said, as_json=as_json, words=said_in_words)


COMMANDS = (merge, unmerge, review)
