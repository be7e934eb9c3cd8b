"""The file of the ledger: created once, even when many processes start at once, and opened with the same settings."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from decisioning.errors import UnavailableError
from features.file_lock import alone, lock_beside
from features.late_index import make_index
from features.ledger_schema import EARLIER, TABLES, VERSION
from features.ledger_tail import Tail, tail_of
from features.sqlite_file import opened

logger = logging.getLogger(__name__)

BUSY_MS = 20_000
ROOMY_KIB = 131_072
"""What a connection may keep of the file in memory."""
SMALL_KIB = 8_192
"""The same where commits are small and many: after one that split a page, SQLite looks at every page that is kept."""
_SETTINGS = f"""
PRAGMA busy_timeout = {BUSY_MS};
PRAGMA secure_delete = ON;
PRAGMA synchronous = FULL;
PRAGMA temp_store = MEMORY;
PRAGMA wal_autocheckpoint = 4000;
"""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn what SQLite raises within into an `UnavailableError` that names the file."""
    try:
        yield
    except UNUSABLE as error:
        raise unusable(path, error) from error


UNUSABLE = (sqlite3.Error, OSError)
"""What is raised by a ledger that cannot be used."""


def unusable(path: Path, error: BaseException) -> UnavailableError:
    """What to raise instead: it names the file."""
    return UnavailableError(f"the ledger {path} cannot be used: {error}")


def prepare(path: Path) -> Tail:
    """Create the ledger's file and tables where they are missing, under a lock; what its recovery had to pass over.

    A damaged end of the log is also said in this process' log.
    Raises: `UnavailableError` where the file is no ledger, is damaged, or was written by another version.
    """
    with naming(path), alone(lock_beside(path)):
        connection = connect(path)
        try:
            _ensure_tables(connection, path)
            make_index(connection, path)
            return _said(tail_of(connection, path), path)
        finally:
            connection.close()


def _said(tail: Tail, path: Path) -> Tail:
    if tail.is_damaged:
        message = "the end of %s-wal is damaged: recovered to the last sound record; %d transactions (%d pages) dropped"
        logger.warning(message, path, tail.n_commits, tail.n_frames)
    return tail


def connect(path: Path, *, writable: bool = True, cache_kib: int = ROOMY_KIB) -> sqlite3.Connection:
    """A connection in autocommit mode: transactions are begun and committed by name.

    Parameters: `cache_kib`, what it may keep of the file in memory.
    """
    writing = "" if writable else "PRAGMA query_only = ON;"
    return opened(path, f"{_SETTINGS} PRAGMA cache_size = -{cache_kib}; {writing}", cached_statements=256)


def version_of(connection: sqlite3.Connection) -> int:
    """The version of the tables; 0 of a file without any."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _ensure_tables(connection: sqlite3.Connection, path: Path) -> None:
    found = version_of(connection)
    if found == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    elif found in EARLIER:
        upgrade = "`tsugi resolve` brings it up to date, and changes no record"
        raise UnavailableError(
            f"the ledger {path} has version {found}, this release writes version {VERSION}; {upgrade}"
        )
    elif found != VERSION:
        raise UnavailableError(f"the ledger {path} has version {found}; this release reads version {VERSION}")
