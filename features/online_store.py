"""The embedded online store: one packed row of state per customer and view, in one SQLite file.

It can be rebuilt from the ledger, so it commits without waiting for the disk (WAL, `synchronous=NORMAL`): after a
power cut it is consistent, perhaps a little behind, and catches up. See `features.packing` for what a row holds.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import local
from typing import NamedTuple

from decisioning.errors import UnavailableError
from features.file_lock import alone, lock_beside
from features.privacy.compacting import compact
from features.sqlite_file import opened

BUSY_MS = 30_000
MANY = 500
_SETTINGS = f"""
PRAGMA busy_timeout = {BUSY_MS};
PRAGMA secure_delete = ON;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -32768;
PRAGMA mmap_size = 268435456;
PRAGMA wal_autocheckpoint = 8000;
"""
_TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS state_row (
    customer_id TEXT NOT NULL,
    view TEXT NOT NULL,
    event_us INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (customer_id, view)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS applied (definition TEXT NOT NULL, seq INTEGER NOT NULL);
"""
_READ = "SELECT customer_id, view, event_us, created_us, state FROM state_row WHERE customer_id "
_READ_ONE = _READ + "= ?"
_REPLACE = """
INSERT INTO state_row VALUES (?, ?, ?, ?, ?)
ON CONFLICT (customer_id, view) DO UPDATE
SET event_us = excluded.event_us, created_us = excluded.created_us, state = excluded.state
"""
"""An update leaves the row where it stands, where a row deleted and inserted dirties more of the file."""
_GUARDED = f"""{_REPLACE}
WHERE (excluded.event_us, excluded.created_us) >= (state_row.event_us, state_row.created_us)
"""


class PackedRow(NamedTuple):
    """The state of one view of one customer.

    Parameters: `event_us`, when it became known; `created_us`, when it was computed, both microseconds since the epoch,
    UTC; `state`, packed.
    """

    customer_id: str
    view: str
    event_us: int
    created_us: int
    state: bytes


class PackedRows:
    """Reads and writes the packed rows of one file; each thread has a connection of its own, which is closed with it.

    Parameters: `path` of the SQLite file, created where it is missing; under a lock, because SQLite waits for nobody
    while it changes a journal into a WAL.
    Raises: `UnavailableError`, naming the file, where it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open = local()
        with self._naming(), alone(lock_beside(path)):
            self._connection().executescript(_TABLES)

    def read(self, customer_id: str) -> list[PackedRow]:
        """Every view of one customer, by one SELECT, so that what is read belongs together."""
        with self._naming():
            return list(map(PackedRow._make, self._connection().execute(_READ_ONE, (customer_id,))))

    def read_many(self, customer_ids: Sequence[str]) -> list[PackedRow]:
        """Every view of many customers."""
        with self._naming():
            return list(_read_many(self._connection(), customer_ids))

    def write(self, rows: Iterable[PackedRow]) -> None:
        """Write rows in one transaction; a row older than the one it would replace is left out.

        Older is by (event time, created time).
        """
        with self._naming(), _transaction(self._connection()) as connection:
            connection.executemany(_GUARDED, rows)

    def drop(self, views: Iterable[str]) -> None:
        """Forget every row of some views."""
        with self._naming(), _transaction(self._connection()) as connection:
            connection.executemany("DELETE FROM state_row WHERE view = ?", [(view,) for view in views])

    def progress(self, definition: str) -> int:
        """Up to which ledger record the rows were built; 0 where they were built by another definition, or never."""
        with self._naming():
            return _progress(self._connection(), definition)

    def adopt(self, path: Path, definition: str) -> None:
        """Copy rows and progress of another file, where that one has some of the definition and this one none."""
        with self._naming():
            connection = self._connection()
            connection.execute("ATTACH ? AS other", (path.as_posix(),))
            try:
                with _transaction(connection):
                    if _progress(connection, definition) == 0 and _progress(connection, definition, "other") > 0:
                        connection.execute("DELETE FROM state_row")
                        connection.execute("INSERT INTO state_row SELECT * FROM other.state_row")
                        connection.execute("DELETE FROM main.applied")
                        connection.execute("INSERT INTO main.applied SELECT * FROM other.applied")
            finally:
                connection.execute("DETACH other")

    @contextmanager
    def exclusive(self, definition: str) -> Iterator["RowTransaction"]:
        """The one writer of the file at this moment; rows and progress are committed together, or not at all."""
        with self._naming(), _transaction(self._connection()) as connection:
            yield RowTransaction(connection, definition)

    def customers(self) -> list[str]:
        """Every customer who has a row."""
        with self._naming():
            return _customers(self._connection())

    def forget_until(self, customers: Mapping[str, int]) -> None:
        """Delete the rows of some customers that became known until a moment, each with their own, in microseconds."""
        with self._naming(), _transaction(self._connection()) as connection:
            connection.executemany("DELETE FROM state_row WHERE customer_id = ? AND event_us <= ?", customers.items())

    def compact(self) -> bool:
        """Write the file anew, so that nothing that was deleted is left in it; whether nobody kept it from ending."""
        with self._naming():
            return compact(self._connection())

    def close(self) -> None:
        """Close every thread's connection."""
        self._open = local()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._open, "connection", None)
        if connection is None:
            connection = opened(self.path, _SETTINGS)
            self._open.connection, self._open.owner = connection, _Owner(connection)
        return connection

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise UnavailableError(f"the online store {self.path} cannot be used: {error}") from error


class _Owner:
    """Closes a connection once its thread has ended, or the store was closed or is gone.

    A connection and its kept statements hold each other: left alone, it stays open until Python collects garbage.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __del__(self) -> None:
        self._connection.close()


class RowTransaction:
    """What can be done while nobody else writes; made by `PackedRows.exclusive`."""

    def __init__(self, connection: sqlite3.Connection, definition: str) -> None:
        self._connection = connection
        self._definition = definition

    def progress(self) -> int:
        """Up to which ledger record the rows were built by this definition."""
        return _progress(self._connection, self._definition)

    def advance(self, seq: int) -> None:
        """Note up to which ledger record the rows are built now."""
        given = (self._definition, seq)
        if not self._connection.execute("UPDATE applied SET definition = ?, seq = ?", given).rowcount:
            self._connection.execute("INSERT INTO applied VALUES (?, ?)", given)

    def read_many(self, customer_ids: Sequence[str]) -> Iterator[PackedRow]:
        """Every view of many customers."""
        return _read_many(self._connection, customer_ids)

    def replace(self, rows: Iterable[PackedRow]) -> None:
        """Write rows, whatever was there: for the projection, which is right by construction."""
        self._connection.executemany(_REPLACE, rows)

    def customers(self) -> list[str]:
        """Every customer who has a row."""
        return _customers(self._connection)

    def forget(self, customer_ids: Iterable[str]) -> None:
        """Delete every row of some customers."""
        self._connection.executemany("DELETE FROM state_row WHERE customer_id = ?", [(c,) for c in customer_ids])

    def clear(self) -> None:
        """Delete every row."""
        self._connection.execute("DELETE FROM state_row")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _read_many(connection: sqlite3.Connection, customer_ids: Sequence[str]) -> Iterator[PackedRow]:
    for start in range(0, len(customer_ids), MANY):
        some = customer_ids[start : start + MANY]
        found = connection.execute(f"{_READ} IN ({', '.join('?' * len(some))})", tuple(some))
        yield from map(PackedRow._make, found.fetchall())


def _customers(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT DISTINCT customer_id FROM state_row")]


def _progress(connection: sqlite3.Connection, definition: str, schema: str = "main") -> int:
    query = f"SELECT seq FROM {schema}.applied WHERE definition = ?"  # noqa: S608 - constants only
    row = connection.execute(query, (definition,)).fetchone()
    return int(row[0]) if row else 0
