"""The past of a customer: a small ledger in memory of the records that were known by a moment.

What it says is what the ledger said then, with the identities of that moment. It holds whoever may have been the
customer: everybody whom records or words ever tied to the identifier in question; and everybody who was ever told to be
of a group that one of them was told to be of, unless too many were.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from decisioning.customer import CustomerReference
from features.identifier import Identifier, identifier_of
from features.identity import resolve
from features.instant import to_us
from features.ledger import Ledger
from features.ledger_schema import TABLES
from features.record import DECISION, LINK, OUTCOME

CROWD = 500
"""Identifiers that were ever told to be of a group; where more were, it is too large to be brought along."""
_Row = Sequence[Any]
Rebuild = Callable[[sqlite3.Connection], object]
"""Makes the projections of a database from its records, by what the workspace says of identity."""


@dataclass(frozen=True, slots=True)
class Past:
    """A ledger as it was, for reading.

    Parameters: `customer_id`, of that moment; None where nothing was known. `crowds`, groups of too many identifiers:
    what others in them did is not here.
    """

    connection: sqlite3.Connection
    customer_id: str | None
    crowds: frozenset[str] = frozenset()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection."""
        yield self.connection


@contextmanager
def past_of(ledger: Ledger, reference: CustomerReference, as_of: datetime, *, rebuild: Rebuild) -> Iterator[Past]:
    """What was known of a customer by a moment, for as long as the block lasts.

    Parameters: `as_of`, aware. Raises `UnavailableError` where the ledger cannot be read.
    """
    with ledger.read() as present:
        identifiers = _identifiers(present, reference)
        (own,) = present.execute(_TIED, (orjson.dumps(identifiers).decode(),)).fetchone()
        crowds = frozenset(group for (group,) in present.execute(_CROWDS, (own, CROWD)))
        (nodes,) = present.execute(_ALL_TIED, (own, own, CROWD)).fetchone()
        rows = present.execute(_RECORDS, (nodes, to_us(as_of), LINK)).fetchall()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as past:
        past.executescript(TABLES)
        past.execute("BEGIN")
        past.executemany(_KEEP, _consistent(rows))
        rebuild(past)
        past.execute("COMMIT")
        yield Past(past, _customer_id(past, reference, identifiers), crowds)


def _identifiers(connection: sqlite3.Connection, reference: CustomerReference) -> list[Identifier]:
    """What the reference names; of a customer id everything that is that customer's today."""
    if reference.kind != "customer_id":
        return [identifier_of(reference)]
    query = "SELECT kind, value FROM identifier WHERE customer_id = ? ORDER BY first_us, first_id"
    return connection.execute(query, (resolve(connection, reference),)).fetchall()


def _customer_id(
    past: sqlite3.Connection, reference: CustomerReference, identifiers: Iterable[Identifier]
) -> str | None:
    """Who the reference was; a customer id of another day is whoever had the earliest of its records."""
    named = (CustomerReference(kind, value) for kind, value in identifiers)  # type: ignore[arg-type]  # kinds of its own
    found = (resolve(past, each) for each in (reference, *named))
    return next((customer_id for customer_id in found if customer_id), None)


def _consistent(rows: Iterable[_Row]) -> list[_Row]:
    """The records without outcomes of a decision that was not known then."""
    decided = {row[2] for row in rows if row[1] == DECISION}
    return [row for row in rows if row[1] != OUTCOME or orjson.loads(row[-1])["outcome"]["decision_id"] in decided]


_FOLLOWED = """
        UNION SELECT l.other FROM tied t JOIN link l ON l.node = t.node
        UNION SELECT w.other FROM tied t JOIN word w ON w.node = t.node
    )
    SELECT json_group_array(node) FROM tied
"""
_TIED = f"""
    WITH RECURSIVE tied (node) AS (
        SELECT i.node FROM json_each(?) n JOIN identifier i ON i.kind = n.value ->> 0 AND i.value = n.value ->> 1
        {_FOLLOWED}
"""  # noqa: S608 (constants only)
_THEIRS = """
    SELECT g.group_id FROM membership g
    WHERE g.group_id IN (SELECT m.group_id FROM json_each(?) n JOIN membership m ON m.node = n.value)
    GROUP BY g.group_id HAVING count(*)
"""
_CROWDS = f"{_THEIRS} > ?"
_ALL_TIED = f"""
    WITH RECURSIVE tied (node) AS (
        SELECT value FROM json_each(?) UNION SELECT node FROM membership WHERE group_id IN ({_THEIRS} <= ?)
        {_FOLLOWED}
"""  # noqa: S608 (constants only)
_RECORDS = """
    SELECT seq, kind, record_id, node, occurred_us, received_us, known_us, source, body
    FROM record WHERE node IN (SELECT value FROM json_each(?)) AND known_us <= ? AND kind <> ? ORDER BY seq
"""
_KEEP = """
    INSERT INTO record (seq, kind, record_id, node, occurred_us, received_us, known_us, source, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
