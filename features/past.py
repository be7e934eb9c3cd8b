"""The past of a customer: a small ledger in memory of the records that were known by a moment.

What it says is what the ledger said then, with the identities of that moment. It holds whoever may have been the
customer: everybody whom records or words ever tied to the identifier in question.
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

_Row = Sequence[Any]
Rebuild = Callable[[sqlite3.Connection], object]
"""Makes the projections of a database from its records, by what the workspace says of identity."""


@dataclass(frozen=True, slots=True)
class Past:
    """A ledger as it was, for reading. Parameters: `customer_id`, of that moment; None where nothing was known."""

    connection: sqlite3.Connection
    customer_id: str | None

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
        nodes = present.execute(_TIED, (orjson.dumps(identifiers).decode(),)).fetchone()
        rows = present.execute(_RECORDS, (*nodes, to_us(as_of), LINK)).fetchall()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as past:
        past.executescript(TABLES)
        past.execute("BEGIN")
        past.executemany(_KEEP, _consistent(rows))
        rebuild(past)
        past.execute("COMMIT")
        yield Past(past, _customer_id(past, reference, identifiers))


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


_TIED = """
    WITH RECURSIVE tied (node) AS (
        SELECT i.node FROM json_each(?) n JOIN identifier i ON i.kind = n.value ->> 0 AND i.value = n.value ->> 1
        UNION SELECT l.other FROM tied t JOIN link l ON l.node = t.node
        UNION SELECT w.other FROM tied t JOIN word w ON w.node = t.node
    )
    SELECT json_group_array(node) FROM tied
"""
_RECORDS = """
    SELECT seq, kind, record_id, node, occurred_us, received_us, known_us, source, body
    FROM record WHERE node IN (SELECT value FROM json_each(?)) AND known_us <= ? AND kind <> ? ORDER BY seq
"""
_KEEP = """
    INSERT INTO record (seq, kind, record_id, node, occurred_us, received_us, known_us, source, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
