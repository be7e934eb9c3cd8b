"""Tombstones: the tokens of what was erased. Whoever writes to the ledger asks here first.

Two rules keep an erased customer from coming back with old files. What was in the ledger once (a message, a decision, a
request) is never taken in again. What was not, but names an erased identifier, is not taken in where it happened before
the erasure: what a customer does after it is a new beginning.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from features.event_columns import EventColumns
from features.identifier import Identifier
from features.privacy.seal import Seal, seal_of

CUSTOMER, REQUEST = "customer_id", "request"
"""Kinds of tokens besides the kinds of identifiers and the kinds of records."""
_AT_ONCE = 500


class Buried(NamedTuple):
    """When something was erased, in microseconds since the epoch, UTC, and by which erasure."""

    erased_us: int
    erasure_id: str


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The tombstones of a ledger, for reading. Parameters: `newest_us`, when the last erasure was."""

    connection: sqlite3.Connection
    seal: Seal
    newest_us: int

    def erased_us(self, kind: str, value: str) -> int | None:
        """When this was erased; None where it never was."""
        row = self.connection.execute(_ONE, (self.seal.token(kind, value),)).fetchone()
        return row[0] if row else None

    def found(self, kind: str, values: Sequence[str]) -> dict[str, "Buried"]:
        """Those of the values that were erased, each with when and by which erasure."""
        return dict(self._found(kind, values))

    def _found(self, kind: str, values: Sequence[str]) -> Iterator[tuple[str, "Buried"]]:
        for start in range(0, len(values), _AT_ONCE):
            named = {self.seal.token(kind, value): value for value in values[start : start + _AT_ONCE]}
            query = f"{_MANY} ({', '.join('?' * len(named))})"
            for token, *buried in self.connection.execute(query, tuple(named)).fetchall():
                yield named[token], Buried(*buried)


def tombstones_of(connection: sqlite3.Connection) -> Tombstones | None:
    """The tombstones; None where nothing was ever erased, which costs one look at an empty table."""
    seal = seal_of(connection)
    if seal is None:
        return None
    newest_us: int | None = connection.execute("SELECT max(erased_us) FROM erasure").fetchone()[0]
    return None if newest_us is None else Tombstones(connection, seal, newest_us)


def was_erased(connection: sqlite3.Connection, kind: str, value: str) -> bool:
    """Whether this record, request, customer or identifier was ever erased."""
    tombstones = tombstones_of(connection)
    return tombstones is not None and tombstones.erased_us(kind, value) is not None


def not_erased(connection: sqlite3.Connection, events: EventColumns) -> Sequence[int]:
    """The places of the events that bring nobody back who was erased."""
    tombstones = tombstones_of(connection)
    if tombstones is None:
        return range(len(events))
    known = tombstones.found("event", events.message_ids)
    told = zip(events.message_ids, events.identifiers, events.occurred_us, strict=True)
    return [
        place
        for place, (message_id, identifiers, occurred_us) in enumerate(told)
        if message_id not in known and not _is_of_the_past(identifiers, occurred_us, tombstones)
    ]


def _is_of_the_past(identifiers: Sequence[Identifier], occurred_us: int, tombstones: Tombstones) -> bool:
    """Whether an event names somebody who was erased after it happened."""
    if occurred_us > tombstones.newest_us:
        return False
    erased = (tombstones.erased_us(*identifier) for identifier in identifiers)
    return any(moment is not None and occurred_us <= moment for moment in erased)


def bury(
    connection: sqlite3.Connection, seal: Seal, names: Iterable[tuple[str, str]], *, erased_us: int, erasure_id: str
) -> list[bytes]:
    """Write the tombstones of names, each (kind, value), within a write transaction; returns their tokens."""
    tokens = [seal.token(kind, value) for kind, value in names]
    connection.executemany(_BURY, [(token, erased_us, erasure_id) for token in tokens])
    return tokens


_ONE = "SELECT erased_us FROM tombstone WHERE token = ?"
_MANY = "SELECT token, erased_us, erasure_id FROM tombstone WHERE token IN"
_BURY = "INSERT OR REPLACE INTO tombstone (token, erased_us, erasure_id) VALUES (?, ?, ?)"
