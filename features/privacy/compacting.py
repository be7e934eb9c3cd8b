"""Compacting a SQLite file: deleted rows leave bytes in free pages, in torn pages and in the log of writes."""

import sqlite3
from time import monotonic, sleep

PATIENCE = 30.0
"""Seconds to wait for readers who still look at what was before."""


def compact(connection: sqlite3.Connection) -> bool:
    """Write the file anew and empty its log; whether no reader kept the log from being emptied.

    Others read meanwhile; who writes waits. Parameters: `connection`, outside a transaction.
    """
    connection.execute("PRAGMA temp_store = FILE")  # the copy may be larger than memory
    connection.execute("VACUUM")
    return _emptied(connection)


def _emptied(connection: sqlite3.Connection) -> bool:
    deadline = monotonic() + PATIENCE
    while True:
        busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if not busy or monotonic() > deadline:
            return not busy
        sleep(0.05)
