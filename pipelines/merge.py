"""Says that two identifiers belong together, or that they do not, and shows which customers they are then."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from decisioning.errors import NotFoundError
from features.identifier import Identifier
from features.identity import IdentityGraph
from features.identity_merge import MergeBook, named_identifier
from features.identity_statement import Statement
from pipelines.composition import Composition, compose
from pipelines.reference import reference_of

Verb = Literal["merge", "unmerge"]


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says of the customers that two references name, each as kind:value or a customer's id."""

    verb: Verb
    one: str
    other: str
    reason: str
    said_by: str


@dataclass(frozen=True, slots=True)
class Said:
    """What was recorded, and who the two are now. Parameters: `are_one`, whether they are one customer now."""

    verb: Verb
    statement_id: str
    customers: tuple[str | None, str | None]
    are_one: bool


def say(home: Path, workspace: Path, word: Word) -> Said:
    """Record it, and let every projection follow.

    Raises: `NotFoundError` where one of them is unknown, `InvalidInputError` where both are the same.
    """
    with compose(home, workspace) as composition:
        one = _identifier(composition, word.one, "the first")
        other = _identifier(composition, word.other, "the second")
        now = composition.clock()
        statement = Statement(word.verb, one, other, occurred_at=now, reason=word.reason, said_by=word.said_by)
        _book(composition).state([statement], received_at=now)
        composition.projection.catch_up()
        graph = IdentityGraph(composition.ledger)
        customers = graph.customer_of(one), graph.customer_of(other)
        return Said(word.verb, statement.id, customers, are_one=customers[0] == customers[1])


def said_in_words(said: Said) -> str:
    """Who they are now, in a line or two."""
    one, other = (customer_id or "a customer without records" for customer_id in said.customers)
    if said.verb == "unmerge":
        return f"unmerged: {one} and {other}"
    return f"merged: {one}" if said.are_one else f"not merged: {one} and {other} stay apart, see `tsugi review`"


def _book(composition: Composition) -> MergeBook:
    return MergeBook(composition.ledger, composition.workspace.identity)


def _identifier(composition: Composition, name: str, which: str) -> Identifier:
    reference = composition.named(reference_of(name))
    with composition.ledger.read() as connection:
        identifier = named_identifier(connection, reference)
    if identifier is None:
        raise NotFoundError(f"nothing is recorded of {which}, a {reference.kind}", field="identifier")
    return identifier
