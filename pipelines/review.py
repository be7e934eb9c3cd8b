"""The clerical review list: which pairs wait for a person, and what the person decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from features.identity import IdentityGraph
from features.identity_merge import MergeBook
from features.identity_review import Review, ReviewBook, State
from pipelines.composition import Composition, compose
from pipelines.merge import Said


@dataclass(frozen=True, slots=True)
class Reviews:
    """Pairs in one state, the weightiest first, and how many there are in all."""

    state: State
    total: int
    pairs: tuple[Review, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decides of a pair. Parameters: `is_one`, whether it is one customer."""

    review_id: str
    is_one: bool
    reason: str
    said_by: str


def list_reviews(home: Path, workspace: Path, *, state: State, limit: int) -> Reviews:
    """The pairs in a state."""
    with compose(home, workspace) as composition:
        found = _book(composition).reviews(state)
    return Reviews(state, len(found), tuple(found[:limit]))


def decide_review(home: Path, workspace: Path, decided: Decided) -> Said:
    """Record what was decided, and let every projection follow. Raises: `NotFoundError` where no pair has this id."""
    with compose(home, workspace) as composition:
        book, now = _book(composition), composition.clock()
        say = book.accept if decided.is_one else book.decline
        statement = say(decided.review_id, at=now, said_by=decided.said_by, reason=decided.reason)
        composition.projection.catch_up()
        graph = IdentityGraph(composition.ledger)
        customers = graph.customer_of(statement.one), graph.customer_of(statement.other)
        return Said("merge" if decided.is_one else "unmerge", statement.id, customers, customers[0] == customers[1])


def reviews_in_words(reviews: Reviews) -> str:
    """How many, and a line for each."""
    return "\n".join([f"{reviews.total:,} {reviews.state}", *map(_line, reviews.pairs)])


def _line(review: Review) -> str:
    pair = " ~ ".join(":".join(identifier) for identifier in (review.one, review.other))
    weight = "" if review.weight is None else f", weight {review.weight:.1f}"
    evidence = "".join(f"; {name}: {_compared(value)}" for name, value in review.evidence.items())
    return f"  {review.review_id}  {pair}: {review.reason}{weight}{evidence}"


def _compared(value: object) -> str:
    """A comparison in words: both sides where there are two."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " / ".join(", ".join(side) if isinstance(side, list) else str(side) for side in value)
    return str(value)


def _book(composition: Composition) -> ReviewBook:
    return ReviewBook(composition.ledger, MergeBook(composition.ledger, composition.workspace.identity))
