"""Copies what was committed from SQLite's log into its file, beside the writer, so that no commit has to."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from decisioning.errors import UnavailableError
from features.ledger_file import connect, naming

EVERY = 64
"""Operations between two copies. SQLite itself copies much later, and within a commit, which then takes 15 ms more."""


class LogCopier:
    """One thread with a connection of its own. What cannot be copied now is copied another time, at last by a commit.

    Parameters: `path` of the SQLite file, whose log is copied.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._asked, self._closed = Event(), False
        self._thread: Thread | None = None
        self._n_done = 0

    def committed(self, n: int) -> None:
        """So many operations more were committed. Only the writer's thread calls this."""
        self._n_done += n
        if self._n_done >= EVERY:
            self._n_done = 0
            self._started().set()

    def close(self) -> None:
        """Finish the copy that is under way, then stop."""
        self._closed = True
        if self._thread is not None:
            self._asked.set()
            self._thread.join()

    def _started(self) -> Event:
        if self._thread is None:
            self._thread = Thread(target=self._serve, name="ledger-log", daemon=True)
            self._thread.start()
        return self._asked

    def _serve(self) -> None:
        connection: sqlite3.Connection | None = None
        while self._asked.wait() and not self._closed:
            self._asked.clear()
            with suppress(UnavailableError), naming(self._path):
                connection = connection or connect(self._path)
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        if connection is not None:
            connection.close()
