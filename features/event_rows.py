"""Writing the records of many events: SQLite takes a row of a statement of many at little more than half the cost."""

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from features.record import EVENT

ROWS = 64
"""Rows of one statement."""


class RowColumns(NamedTuple):
    """What records of events differ in, side by side."""

    record_id: Sequence[str]
    node: Sequence[int]
    occurred_us: Sequence[int]
    known_us: Sequence[int]
    body: Sequence[bytes]


_SHARED, _WIDTH = 2, len(RowColumns._fields)


def insert_events(connection: sqlite3.Connection, rows: RowColumns, *, received_us: int, source: str) -> None:
    """Append the records of events of one source that were received at once, within a write transaction.

    Where one fails, those before it are written already: the caller rolls back. (`OR FAIL` spares SQLite a copy of
    every page that a statement changes.)
    """
    flat, shared = _flat(rows), (received_us, source)
    whole = len(flat) - len(flat) % (ROWS * _WIDTH)
    connection.executemany(_insert(ROWS), _given(flat[:whole], ROWS, shared))
    connection.executemany(_insert(1), _given(flat[whole:], 1, shared))


def _flat(rows: RowColumns) -> list[Any]:
    """Row after row."""
    flat: list[Any] = [None] * (len(rows.body) * _WIDTH)
    for place, column in enumerate(rows):
        flat[place::_WIDTH] = column
    return flat


def _given(flat: Sequence[Any], n: int, shared: tuple[int, str]) -> Iterator[tuple[object, ...]]:
    width = n * _WIDTH
    return ((*shared, *flat[start : start + width]) for start in range(0, len(flat), width))


@cache
def _insert(n: int) -> str:
    firsts = range(_SHARED + 1, _SHARED + 1 + _WIDTH * n, _WIDTH)
    values = (f"('{EVENT}', ?{p}, ?{p + 1}, ?{p + 2}, ?1, ?{p + 3}, ?2, ?{p + 4})" for p in firsts)
    return f"{_INTO} {', '.join(values)}"


_INTO = "INSERT OR FAIL INTO record (kind, record_id, node, occurred_us, received_us, known_us, source, body) VALUES"
