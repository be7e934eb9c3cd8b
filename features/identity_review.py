"""The clerical review list: pairs of identifiers of which a person is to say whether they are one customer.

A pair waits where a guard refuses what a record or a merge says, or where somebody proposes it. What was decided is a
merge or an unmerge like any other, so that it survives a rebuild.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal, NamedTuple

import orjson

from decisioning.errors import NotFoundError
from features.identifier import Identifier
from features.identity_merge import MergeBook
from features.identity_statement import OPERATOR, Statement, statement_of
from features.identity_tie import CONFLICTING, UNMERGED
from features.instant import to_us
from features.ledger import Ledger
from features.record import MERGE, PROPOSAL, UNMERGE

State = Literal["open", "accepted", "declined"]
SHARED = "shared by too many"
_DECIDED = "review-"


@dataclass(frozen=True, slots=True)
class Review:
    """One pair. Parameters: `reason`, why it waits or waited; `weight` and `evidence`, of whoever proposed it."""

    review_id: str
    state: State
    one: Identifier
    other: Identifier
    customers: tuple[str | None, str | None]
    reason: str
    weight: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    said_by: str = ""


class _Row(NamedTuple):
    """A pair as the tables have it; `kind` and `record_id` of the record that speaks of it, where there is one."""

    one: Identifier
    other: Identifier
    customers: tuple[str | None, str | None]
    reason: str
    kind: str | None
    record_id: str | None


class ReviewBook:
    """Lists pairs, and takes decisions on them. Parameters: `merges`, which keeps the decisions."""

    def __init__(self, ledger: Ledger, merges: MergeBook) -> None:
        self._ledger = ledger
        self._merges = merges

    def reviews(self, state: State = "open") -> list[Review]:
        """The pairs in a state, the weightiest first; each once."""
        with self._ledger.read() as connection:
            found = {review.review_id: review for review in _found(connection, state)}
        return sorted(found.values(), key=_urgency)

    def count(self) -> int:
        """How many pairs wait."""
        return len(self.reviews())

    def accept(self, review_id: str, *, at: datetime, said_by: str = OPERATOR, reason: str = "reviewed") -> Statement:
        """Say that a pair is one customer, whatever stands against it but a word. Raises: `NotFoundError`."""
        return self._decide(review_id, "merge", at, (said_by, reason))

    def decline(self, review_id: str, *, at: datetime, said_by: str = OPERATOR, reason: str = "reviewed") -> Statement:
        """Say that a pair is two customers. Raises: `NotFoundError`."""
        return self._decide(review_id, "unmerge", at, (said_by, reason))

    def _decide(
        self, review_id: str, verb: Literal["merge", "unmerge"], at: datetime, told: tuple[str, str]
    ) -> Statement:
        review = self._named(review_id)
        said_by, reason = told
        statement = Statement(
            verb,
            review.one,
            review.other,
            occurred_at=at,
            reason=reason,
            said_by=said_by,
            certain=verb == "merge",
            evidence={"review": review.reason},
            statement_id=f"{_DECIDED}{review_id}-{to_us(at)}",
        )
        self._merges.state([statement], received_at=at)
        return statement

    def _named(self, review_id: str) -> Review:
        states: tuple[State, ...] = ("open", "accepted", "declined")
        for review in (review for state in states for review in self.reviews(state)):
            if review.review_id == review_id:
                return review
        raise NotFoundError("no pair has this id; `tsugi review` lists them", field="review_id")


def review_id_of(one: Identifier, other: Identifier) -> str:
    """The id of a pair, whichever comes first.

    >>> review_id_of(("user_id", "u-1"), ("user_id", "u-2")) == review_id_of(("user_id", "u-2"), ("user_id", "u-1"))
    True
    """
    return "r_" + blake2b(orjson.dumps(sorted([one, other])), digest_size=6).hexdigest()


def _urgency(review: Review) -> tuple[float, str]:
    return -(review.weight or 0.0), review.review_id


def _found(connection: sqlite3.Connection, state: State) -> Iterator[Review]:
    given = {"merged": state == "accepted", "decided": f"{_DECIDED}%", "unmerged": UNMERGED}
    for query in _OPEN if state == "open" else (_DECISIONS,):
        for row in _rows(connection.execute(query, given).fetchall()):
            yield _review(connection, row, state)


def _rows(found: Iterable[tuple[Any, ...]]) -> Iterator[_Row]:
    for kind, value, customer, other_kind, other_value, other_customer, *rest in found:
        yield _Row((kind, value), (other_kind, other_value), (customer, other_customer), *rest)


def _review(connection: sqlite3.Connection, row: _Row, state: State) -> Review:
    said = _statement(connection, row)
    reason = row.reason or _reason(said)
    evidence = dict(said.evidence) if said else {}
    if row.reason.startswith(CONFLICTING):
        evidence |= _facts(connection, row)
    weight, said_by = (said.weight, said.said_by) if said else (None, "")
    rest = (row.one, row.other, row.customers, reason, weight, evidence, said_by)
    return Review(review_id_of(row.one, row.other), state, *rest)


def _reason(said: Statement | None) -> str:
    """Why a pair waits that no guard refuses: a merge with what links nothing, or what a person was asked."""
    return "" if said is None else SHARED if said.verb == MERGE and not said.certain else said.reason


def _statement(connection: sqlite3.Connection, row: _Row) -> Statement | None:
    if row.kind is None or row.record_id is None:
        return None
    query = "SELECT body FROM record WHERE kind = ? AND record_id = ?"
    (body,) = connection.execute(query, (row.kind, row.record_id)).fetchone()
    return statement_of(row.kind, row.record_id, body)


def _facts(connection: sqlite3.Connection, row: _Row) -> dict[str, list[list[str]]]:
    """The values of the hard facts that differ, on either side."""
    names = row.reason.removeprefix(CONFLICTING).split(", ")
    sides = [dict(_values(connection, customer)) for customer in row.customers]
    return {name: [sides[0].get(name, []), sides[1].get(name, [])] for name in names}


def _values(connection: sqlite3.Connection, customer_id: str | None) -> Iterator[tuple[str, list[str]]]:
    for name, values in connection.execute(_FACTS, (customer_id,)).fetchall():
        yield name, orjson.loads(values)


_PAIR = """
    SELECT i.kind, i.value, i.customer_id, o.kind, o.value, o.customer_id, {said}
    FROM {table} t JOIN identifier i ON i.node = t.node JOIN identifier o ON o.node = t.other
    WHERE {where}
"""
_VERB = f"CASE WHEN t.merged THEN '{MERGE}' ELSE '{UNMERGE}' END, t.record_id"
_REASON = """coalesce((
    SELECT min(reason) FROM refusal f WHERE (f.node, f.other) IN (VALUES (t.node, t.other), (t.other, t.node))
), '')"""
_APART = "i.customer_id IS NOT o.customer_id"
_UNSPOKEN = "NOT EXISTS (SELECT 1 FROM word w WHERE w.node = t.node AND w.other = t.other)"
_OPEN = (
    _PAIR.format(table="proposal", said=f"'', '{PROPOSAL}', t.record_id", where=f"{_APART} AND {_UNSPOKEN}"),
    _PAIR.format(table="refusal", said="t.reason, NULL, NULL", where="NOT t.said AND t.reason <> :unmerged"),
    _PAIR.format(table="word", said=f"{_REASON}, {_VERB}", where=f"t.merged AND t.node < t.other AND {_APART}"),
)
"""What is proposed and nobody spoke of; what records say and is refused; what somebody says and is not so."""
_DECISIONS = _PAIR.format(
    table="word",
    said=f"'', {_VERB}",
    where="t.node < t.other AND t.merged = :merged AND t.record_id LIKE :decided",
)
_FACTS = """
    SELECT name, json_group_array(DISTINCT h.value) FROM identifier i JOIN hard_fact h ON h.node = i.node
    WHERE i.customer_id = ? GROUP BY name
"""
