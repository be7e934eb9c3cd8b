"""Rows of an external table: Parquet and CSV through DuckDB, SQLite through the standard library."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from decisioning.errors import InvalidInputError, NotFoundError
from features.external_record import ExternalTable

AT_ONCE = 10_000
Row = Mapping[str, Any]
DATABASES = (".db", ".sqlite", ".sqlite3")


def rows_of(path: Path, table: ExternalTable, columns: set[str]) -> Iterator[Row]:
    """The rows, in the table's order, in bounded memory.

    Parameters: `columns`, what the mapping needs. Raises `NotFoundError` of a missing file, `InvalidInputError` of one
    that cannot be read so, or that lacks a column.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} is no file", field="path")
    read = _from_database if path.suffix in DATABASES else _from_file
    try:
        yield from read(path, table, columns)
    except (duckdb.Error, sqlite3.Error) as error:
        raise InvalidInputError(f"{path} cannot be read: {str(error).splitlines()[0]}", field="path") from error


def _from_file(path: Path, table: ExternalTable, columns: set[str]) -> Iterator[Row]:
    with closing(duckdb.connect()) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        if path.suffix == ".parquet":
            cursor = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        elif path.suffix == ".csv":
            # A key such as 00123 is no number.
            query = f"SELECT * FROM read_csv(?, types = {{'{_quoted(table.key)}': 'VARCHAR'}})"  # noqa: S608 (quoted)
            cursor = connection.execute(query, [str(path)])
        else:
            allowed = ", ".join((".parquet", ".csv", *DATABASES))
            raise InvalidInputError(f"{path.name} is no table; allowed: {allowed}", field="path")
        yield from _fetched(cursor, path, columns)


def _from_database(path: Path, table: ExternalTable, columns: set[str]) -> Iterator[Row]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table.table,)).fetchone()
        if not known:
            raise NotFoundError(f"{path.name} has no table {table.table!r}", field="table")
        name = table.table.replace('"', '""')
        yield from _fetched(connection.execute(f'SELECT * FROM "{name}"'), path, columns)  # noqa: S608 (quoted)


def _fetched(cursor: Any, path: Path, columns: set[str]) -> Iterator[Row]:
    names = [column[0] for column in cursor.description]
    missing = sorted(columns - set(names))
    if missing:
        message = f"{path.name} has no column {missing[0]!r}; there are {', '.join(names)}"
        raise InvalidInputError(message, code="missing_column", field=missing[0])
    while rows := cursor.fetchmany(AT_ONCE):
        yield from (dict(zip(names, row, strict=True)) for row in rows)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
