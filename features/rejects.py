"""The reject table: what was refused at the border, with its reason, so that nothing is lost."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from features.event_body import MAX_BYTES
from features.instant import from_us, to_us
from features.ledger import Ledger
from features.privacy.refused import keepable
from features.receipt import Arrival
from features.rejection import Rejection

MAX_RAW = MAX_BYTES + 1024
"""How many bytes of a refused body are kept: whatever is not refused for its size can be read again."""
OUTCOMES = ("outcome", "quarantine", "ledger")
"""The sources of rejects that are no events, or are in the ledger already."""


@dataclass(frozen=True, slots=True)
class Reject:
    """One refused element: where it came from, its place there, why, and its first bytes.

    Parameters: `place`, the line of a file, the row of a table or the index in a batch, from 0; `mapping`, which read
    the file ("" of events as they are); `taken`, it was taken all the same, with this warning.
    """

    reject_id: int
    source: str
    file: str
    place: int
    code: str
    field: str
    message: str
    raw: bytes
    received_at: datetime
    mapping: str
    backfill: int
    taken: int


class RejectBook:
    """What a ledger refused, newest first."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def newest(self, limit: int = 100, *, source: str | None = None, code: str | None = None) -> list[Reject]:
        """The last ones refused. Parameters: `source` and `code`, only theirs (None: all)."""
        with self._ledger.read() as connection:
            rows = connection.execute(_NEWEST, {"source": source, "code": code, "limit": limit}).fetchall()
        return [_reject(row) for row in rows]

    def replayable(self, *, source: str | None = None, code: str | None = None) -> list[Reject]:
        """What may come in after all, oldest first: events and rows, not outcomes, and not what was taken anyhow."""
        found = self.newest(EVERY, source=source, code=code)
        return [each for each in reversed(found) if not each.taken and each.source not in OUTCOMES]

    def counts(self) -> dict[str, int]:
        """How many were refused, by code, sorted by code."""
        with self._ledger.read() as connection:
            return dict(connection.execute("SELECT code, count(*) FROM reject GROUP BY code ORDER BY code").fetchall())


def _reject(row: tuple[Any, ...]) -> Reject:
    named = dict(zip(_COLUMNS, row, strict=True))
    return Reject(**{**named, "received_at": from_us(named["received_at"])})


def keep_rejects(connection: sqlite3.Connection, rejected: Iterable[tuple[Rejection, bytes]], arrival: Arrival) -> None:
    """Write refused elements with their raw bytes (truncated), but those that name somebody who was erased.

    Parameters: `arrival`, how their batch came.
    """
    came = (to_us(arrival.received_at), arrival.origin.file, arrival.origin.mapping, arrival.backfill)
    rows = [
        (arrival.source, why.index, why.code, why.field, why.message, raw[:MAX_RAW], *came, why.taken)
        for why, raw in keepable(connection, rejected)
    ]
    connection.executemany(_KEEP, rows)


def renew_reject(connection: sqlite3.Connection, reject_id: int, why: Rejection) -> None:
    """Say why an element is refused still, within a write transaction."""
    query = "UPDATE reject SET code = ?, field = ?, message = ? WHERE id = ?"
    connection.execute(query, (why.code, why.field, why.message, reject_id))


def forget_rejects(connection: sqlite3.Connection, reject_ids: Sequence[int]) -> None:
    """Remove what was taken in after all, within a write transaction."""
    connection.executemany("DELETE FROM reject WHERE id = ?", [(each,) for each in reject_ids])


_KEEP = """
    INSERT INTO reject (source, place, code, field, message, raw, received_us, file, mapping, backfill, taken)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
EVERY = -1
"""No limit."""
_COLUMNS = tuple(each.name for each in fields(Reject))
_NEWEST = """
    SELECT id, source, file, place, code, field, message, raw, received_us, mapping, backfill, taken FROM reject
    WHERE (:source IS NULL OR source = :source) AND (:code IS NULL OR code = :code) ORDER BY id DESC LIMIT :limit
"""
