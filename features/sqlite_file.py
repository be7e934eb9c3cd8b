"""Opening a SQLite file with its settings."""

import sqlite3
from pathlib import Path


def opened(path: Path, script: str, *, busy_seconds: float = 5.0, cached_statements: int = 128) -> sqlite3.Connection:
    """A connection in autocommit mode, for any thread, on which a script was run; none is left open where that fails.

    Parameters: `busy_seconds`, how long to wait while others write; `cached_statements`, how many stay compiled.
    Raises: `sqlite3.Error` where the file cannot be used.
    """
    connection = sqlite3.connect(
        path,
        isolation_level=None,
        check_same_thread=False,
        timeout=busy_seconds,
        cached_statements=cached_statements,
    )
    try:
        connection.executescript(script)
    except BaseException:
        connection.close()
        raise
    return connection
