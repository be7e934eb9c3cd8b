"""The queue of retraining runs, in a database of its own below the home: routes ask, workers take.

A worker holds a run by a lease that it renews; a worker that is killed renews nothing, and another takes the run over.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from decisioning.errors import ConflictError, NotFoundError, UnavailableError
from features.file_lock import alone, lock_beside
from features.instant import from_us, to_us
from features.retraining_run import LogLine, Run, RunRequest, state_of

LEASE = timedelta(seconds=30)
"""How long a worker that says nothing keeps its run."""
MOST_ATTEMPTS = 3
"""A run whose workers were killed so often is given up."""
MOST_LINES = 200
"""Lines that are told of a run, the last ones."""
LONGEST_LINE = 500


class RunQueue:
    """Runs asked for, under way and ended. Parameters: `path`, of the database; made where it is missing.

    Raises from every method: `UnavailableError` where the database cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def ask(self, request: RunRequest, *, now: datetime) -> Run:
        """Queue a run, or join one that has not ended; the same request gives the same run again.

        Raises: `ConflictError` where the id was used with another body.
        """
        with self._transaction() as connection:
            run_id = _answered(connection, request) or _joined(connection, request) or _queued(connection, request, now)
            asked = (request.request_id, run_id, request.promote, request.if_needed)
            connection.execute("INSERT OR IGNORE INTO request VALUES (?, ?, ?, ?)", asked)
            return _run(connection, run_id)

    def run(self, run_id: str) -> Run:
        """One run as it stands. Raises: `NotFoundError`."""
        with self._transaction() as connection:
            return _run(connection, run_id)

    def take(self, worker: str, *, now: datetime) -> Run | None:
        """Take the oldest run that nobody holds; None where there is none. One begun too often fails instead."""
        with self._transaction() as connection:
            connection.execute(_GIVE_UP, (to_us(now), to_us(now), MOST_ATTEMPTS))
            found = connection.execute(_TAKE, (worker, to_us(now), to_us(now + LEASE), to_us(now))).fetchall()
            return _run(connection, found[0][0]) if found else None

    def renew(self, run_id: str, worker: str, *, now: datetime) -> bool:
        """Hold a run longer; whether this worker holds it still."""
        with self._transaction() as connection:
            return connection.execute(_RENEW, (to_us(now + LEASE), run_id, worker)).rowcount == 1

    def say(self, run_id: str, text: str, *, now: datetime) -> None:
        """Add a line to what a run said; a long one is cut."""
        with self._transaction() as connection:
            connection.execute("INSERT INTO line VALUES (?, ?, ?)", (run_id, to_us(now), text[:LONGEST_LINE]))

    def give_back(self, run_id: str, worker: str) -> None:
        """Put a run back into the queue, as if it had not been begun."""
        with self._transaction() as connection:
            connection.execute(_GIVE_BACK, (run_id, worker))

    def end(self, run_id: str, worker: str, *, exit_code: int, result: dict[str, Any], now: datetime) -> bool:
        """Say what a run came to; whether this worker held it still, so that what it says counts."""
        state, told = state_of(exit_code, result), orjson.dumps(result).decode()
        with self._transaction() as connection:
            return connection.execute(_END, (state, to_us(now), exit_code, told, run_id, worker)).rowcount == 1

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._connection()
            try:
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    _upgrade(connection)
                    yield connection
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            raise UnavailableError(f"the queue {self.path} cannot be used: {error}") from error

    def _connection(self) -> sqlite3.Connection:
        if not self.path.exists():
            _create(self.path)
        return sqlite3.connect(self.path, isolation_level=None, timeout=10)


def _create(path: Path) -> None:
    """Make the database whole under another name, so that nobody meets half of one."""
    with alone(lock_beside(path)):
        if not path.exists():
            making = path.with_name(path.name + ".new")
            making.unlink(missing_ok=True)
            with closing(sqlite3.connect(making)) as connection:
                connection.executescript(_TABLES)
            making.rename(path)


def _upgrade(connection: sqlite3.Connection) -> None:
    """Add what queues of an earlier release lack."""
    if "if_needed" not in {row[1] for row in connection.execute("PRAGMA table_info(request)")}:
        for table in ("run", "request"):
            connection.execute(f"ALTER TABLE {table} ADD COLUMN if_needed INTEGER NOT NULL DEFAULT 0")


def _answered(connection: sqlite3.Connection, request: RunRequest) -> str | None:
    """The run of this very request, where it was made before."""
    asked = "SELECT run_id, promote, if_needed FROM request WHERE request_id = ?"
    for run_id, *kind in connection.execute(asked, (request.request_id,)).fetchall():
        if [bool(each) for each in kind] != [request.promote, request.if_needed]:
            message = "this request_id asked for something else before; the first request stands"
            raise ConflictError(message, field="request_id")
        return str(run_id)
    return None


def _joined(connection: sqlite3.Connection, request: RunRequest) -> str | None:
    """The run of the same kind that is queued or under way."""
    row = connection.execute(_OPEN_RUN, (request.promote, request.if_needed)).fetchone()
    return None if row is None else str(row[0])


def _queued(connection: sqlite3.Connection, request: RunRequest, now: datetime) -> str:
    run_id = f"r_{uuid4().hex}"
    connection.execute(_QUEUE, (run_id, request.promote, request.if_needed, to_us(now)))
    return run_id


def _run(connection: sqlite3.Connection, run_id: str) -> Run:
    row = connection.execute(_READ, (run_id,)).fetchone()
    if row is None:
        raise NotFoundError("no such run", field="run_id")
    promote, if_needed, state, requested, attempts, started, ended, exit_code, result, requests = row
    lines = connection.execute(_LINES, (run_id, MOST_LINES)).fetchall()
    return Run(
        run_id=run_id,
        promote=bool(promote),
        if_needed=bool(if_needed),
        state=state,
        requested_at=from_us(requested),
        requests=requests,
        attempts=attempts,
        started_at=None if started is None else from_us(started),
        ended_at=None if ended is None else from_us(ended),
        exit_code=exit_code,
        result=orjson.loads(result or "{}"),
        lines=tuple(LogLine(from_us(at), text) for at, text in reversed(lines)),
    )


_TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE run (
    run_id TEXT PRIMARY KEY, promote INTEGER NOT NULL, state TEXT NOT NULL, requested_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, started_us INTEGER, ended_us INTEGER, worker TEXT, lease_us INTEGER,
    exit_code INTEGER, result TEXT, if_needed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE request (
    request_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, promote INTEGER NOT NULL, if_needed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE line (run_id TEXT NOT NULL, at_us INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX line_of_run ON line (run_id);
"""
_QUEUE = "INSERT INTO run (run_id, promote, if_needed, state, requested_us) VALUES (?, ?, ?, 'queued', ?)"
_OPEN_RUN = """
    SELECT run_id FROM run WHERE promote = ? AND if_needed = ? AND state IN ('queued', 'running')
    ORDER BY rowid LIMIT 1
"""
_GIVE_UP = """
    UPDATE run SET state = 'failed', ended_us = ?, result = '{"error": "its workers were killed again and again"}'
    WHERE state = 'running' AND lease_us <= ? AND attempts >= ?
"""
_TAKE = """
    UPDATE run SET state = 'running', worker = ?, started_us = ?, lease_us = ?, attempts = attempts + 1
    WHERE rowid = (
        SELECT rowid FROM run WHERE state = 'queued' OR (state = 'running' AND lease_us <= ?) ORDER BY rowid LIMIT 1
    ) RETURNING run_id
"""
_RENEW = "UPDATE run SET lease_us = ? WHERE run_id = ? AND worker = ? AND state = 'running'"
_GIVE_BACK = """
    UPDATE run SET state = 'queued', worker = NULL, started_us = NULL, attempts = attempts - 1
    WHERE run_id = ? AND worker = ? AND state = 'running'
"""
_END = """
    UPDATE run SET state = ?, ended_us = ?, exit_code = ?, result = ?
    WHERE run_id = ? AND worker = ? AND state = 'running'
"""
_READ = """
    SELECT promote, if_needed, state, requested_us, attempts, started_us, ended_us, exit_code, result,
           (SELECT count(*) FROM request WHERE request.run_id = run.run_id)
    FROM run WHERE run_id = ?
"""
_LINES = "SELECT at_us, text FROM line WHERE run_id = ? ORDER BY rowid DESC LIMIT ?"
