"""The reject table: what was refused at the border, with its reason, so that nothing is lost."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from features.instant import from_us, to_us
from features.ledger import Ledger
from features.rejection import Rejection

MAX_RAW = 2048
"""How many bytes of a refused body are kept."""


@dataclass(frozen=True, slots=True)
class Reject:
    """One refused element: where it came from, its place there (line or index, from 0), why, and its first bytes."""

    source: str
    place: int
    code: str
    field: str
    message: str
    raw: bytes
    received_at: datetime


class RejectBook:
    """What a ledger refused, newest first."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def newest(self, limit: int = 100) -> list[Reject]:
        """The last ones refused."""
        with self._ledger.read() as connection:
            rows = connection.execute(_NEWEST, (limit,)).fetchall()
        return [
            Reject(source, place, code, field, message, raw, from_us(received_us))
            for source, place, code, field, message, raw, received_us in rows
        ]

    def counts(self) -> dict[str, int]:
        """How many were refused, by code, sorted by code."""
        with self._ledger.read() as connection:
            return dict(connection.execute("SELECT code, count(*) FROM reject GROUP BY code ORDER BY code").fetchall())


def keep_rejects(
    connection: sqlite3.Connection, rejected: Iterable[tuple[Rejection, bytes]], *, source: str, received_at: datetime
) -> None:
    """Write refused elements with their raw bytes (truncated)."""
    received_us = to_us(received_at)
    rows = [(source, why.index, why.code, why.field, why.message, raw[:MAX_RAW], received_us) for why, raw in rejected]
    connection.executemany(_KEEP, rows)


_KEEP = """
    INSERT INTO reject (source, place, code, field, message, raw, received_us) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_NEWEST = "SELECT source, place, code, field, message, raw, received_us FROM reject ORDER BY id DESC LIMIT ?"
