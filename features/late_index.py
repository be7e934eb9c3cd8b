"""The index from identifiers to their records, made late: while a load fills a ledger it is the dearest part.

Every record lands anywhere in it, so that of millions each one costs a page. Made at once, from all of them, the index
costs a fraction. A load that finds a ledger without records leaves it out and makes it at its end; at once, where it
sees that somebody serves or writes meanwhile. A lock says that this goes on. Where the load is killed, whoever opens
the ledger next makes the index. Without it every answer is the same, but slower.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from features.file_lock import taken

_MAKE = "CREATE INDEX IF NOT EXISTS record_node ON record (node)"
_LEAVE_OUT = "DROP INDEX IF EXISTS record_node"
_IS_THERE = "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = 'record_node'"
_HAS_RECORDS = "SELECT 1 FROM record LIMIT 1"


class LateIndex:
    """The index of one ledger while it is loaded. Parameters: `path`, of the ledger."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether this load has left it out."""
        return self._lock is not None

    @property
    def is_missed(self) -> bool:
        """Whether it is left out and somebody serves by now."""
        return self._lock is not None and _is_served(self._path)

    def leave_out(self, connection: sqlite3.Connection) -> None:
        """Leave it out of a ledger without records that nobody serves or loads; within a write transaction."""
        if self._lock is None and not connection.execute(_HAS_RECORDS).fetchone() and not _is_served(self._path):
            self._lock = _taken(_lock_of(self._path))
            if self._lock is not None:
                connection.execute(_LEAVE_OUT)

    def make(self, connection: sqlite3.Connection) -> None:
        """Make it, where it was left out; within a write transaction."""
        if self._lock is not None:
            _make(connection)

    def let_go(self) -> None:
        """Say that it is made."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def make_index(connection: sqlite3.Connection, path: Path) -> None:
    """Make the index of a ledger whose load was killed; nothing where it is there, or a load is under way."""
    if connection.execute(_IS_THERE).fetchone():
        return
    lock = _taken(_lock_of(path))
    if lock is not None:
        try:
            _make(connection)
        finally:
            os.close(lock)


def _make(connection: sqlite3.Connection) -> None:
    """Sort through a file, so that memory does not grow with the records; in memory only beside temporary tables."""
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA temp_store = FILE")
    connection.execute(_MAKE)
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA temp_store = MEMORY")


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".load.lock")


def _is_served(path: Path) -> bool:
    lock = path.with_name("serving.lock")
    held = _taken(lock) if lock.exists() else -1
    if held is None:
        return True
    if held >= 0:
        os.close(held)
    return False


def _taken(path: Path) -> int | None:
    """The descriptor of a lock file, held until it is closed or the process dies; None where somebody else holds it."""
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if taken(held):
        return held
    os.close(held)
    return None
