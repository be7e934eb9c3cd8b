"""Writing the records of many events: SQLite takes a row of a statement of many at little more than half the cost."""

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from features.record import EVENT

ROWS = 64
"""Rows of one statement."""
_SHARED, _WIDTH = 2, 5
Row = tuple[str, int, int, int, bytes]
"""(record_id, node, occurred_us, known_us, body)"""


def insert_events(connection: sqlite3.Connection, rows: Sequence[Row], *, received_us: int, source: str) -> None:
    """Append the records of events of one source that were received at once, within a write transaction.

    Where one fails, those before it are written already: the caller rolls back. (`OR FAIL` spares SQLite a copy of
    every page that a statement changes.)
    """
    whole = len(rows) - len(rows) % ROWS
    connection.executemany(_insert(ROWS), _given(rows[:whole], ROWS, (received_us, source)))
    connection.executemany(_insert(1), _given(rows[whole:], 1, (received_us, source)))


def _given(rows: Sequence[Row], n: int, shared: tuple[int, str]) -> Iterator[tuple[object, ...]]:
    flat = list(chain.from_iterable(rows))
    width = n * _WIDTH
    return ((*shared, *flat[start : start + width]) for start in range(0, len(flat), width))


@cache
def _insert(n: int) -> str:
    firsts = range(_SHARED + 1, _SHARED + 1 + _WIDTH * n, _WIDTH)
    values = (f"('{EVENT}', ?{p}, ?{p + 1}, ?{p + 2}, ?1, ?{p + 3}, ?2, ?{p + 4})" for p in firsts)
    return f"{_INTO} {', '.join(values)}"


_INTO = "INSERT OR FAIL INTO record (kind, record_id, node, occurred_us, received_us, known_us, source, body) VALUES"
