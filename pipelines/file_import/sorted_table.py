"""A table in the order of some columns, so that rows that belong together stand together; sorted on disk."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from tempfile import NamedTemporaryFile

import orjson

from decisioning.errors import InvalidInputError
from features.event_lines import Refused
from features.mapping.row_mapper import Rows
from features.rejection import RejectedEventError
from pipelines.file_import.table import AT_ONCE, Table


def sorted_by(columns: Sequence[str], table: Table, folder: Path) -> Table:
    """The same table, rows with equal cells in these columns next to each other, never parted between two pieces.

    Parameters: `folder`, for the file that is sorted. Raises `InvalidInputError` where the table has no such column.
    """
    for name in columns:
        if name not in table.names:
            message = f"rows are grouped by {name!r}; the file has {', '.join(table.names)}"
            raise InvalidInputError(message, code="missing_column", field=name)
    ordered = Table(table.names, iter(()))
    ordered.pieces = _pieces([table.names.index(name) for name in columns], table, ordered, folder)
    return ordered


def _pieces(key: Sequence[int], table: Table, ordered: Table, folder: Path) -> Iterator[Rows]:
    with NamedTemporaryFile(dir=folder, suffix=".sorting") as file, closing(sqlite3.connect(file.name)) as connection:
        connection.executescript(_TABLES)
        for rows in table.pieces:
            ordered.share = table.share / 2
            connection.executemany("INSERT INTO row VALUES (?, ?, ?)", _keyed(rows, key))
            connection.executemany("INSERT INTO damaged VALUES (?, ?, ?, ?)", map(_told, rows.damaged))
        yield from _read(connection, ordered)


def _keyed(rows: Rows, key: Sequence[int]) -> Iterator[tuple[bytes, int, bytes]]:
    for place, cells in zip(rows.places, rows.cells, strict=True):
        yield orjson.dumps([cells[each] for each in key], default=str), place, orjson.dumps(cells, default=str)


def _told(damaged: tuple[int, Refused]) -> tuple[int, str, str, bytes]:
    place, refused = damaged
    return place, refused.error.code, refused.error.message, refused.line


def _read(connection: sqlite3.Connection, ordered: Table) -> Iterator[Rows]:
    (n_rows,) = connection.execute("SELECT count(*) FROM row").fetchone()
    piece = Rows(0, damaged=[_damaged(row) for row in connection.execute("SELECT * FROM damaged ORDER BY place")])
    for _, group in groupby(connection.execute("SELECT * FROM row ORDER BY key, place"), key=lambda row: row[0]):
        if piece.n_rows >= AT_ONCE:
            yield piece
            piece = Rows(piece.first + piece.n_rows)
            ordered.share = 0.5 + piece.first / n_rows / 2
        for _, place, cells in group:
            piece.places.append(place)
            piece.cells.append(tuple(orjson.loads(cells)))
    if piece.n_rows:
        yield piece


def _damaged(row: tuple[int, str, str, bytes]) -> tuple[int, Refused]:
    place, code, message, line = row
    return place, Refused(RejectedEventError(code, "", message), line)


_TABLES = """
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -65536;
    CREATE TABLE row (key BLOB NOT NULL, place INTEGER NOT NULL, cells BLOB NOT NULL);
    CREATE TABLE damaged (place INTEGER NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, line BLOB NOT NULL);
"""
