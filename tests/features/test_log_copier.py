"""What was committed is copied into the file beside the writer; where that fails, it is still committed."""

import sqlite3
from contextlib import closing

import pytest
from patience import until

from decisioning.errors import UnavailableError
from features.ledger_writer import LedgerWriter
from features.log_copier import EVERY


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "some.db"
    with closing(sqlite3.connect(found)) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE number (n INTEGER)")
    return found


def write(writer, n):
    for each in range(n):
        writer.submit(lambda connection, each=each: connection.execute("INSERT INTO number VALUES (?)", (each,)))
    writer.submit(lambda _: None).result()


def count(path, how=""):
    with closing(sqlite3.connect(f"file:{path}{how}", uri=True)) as connection:
        return connection.execute("SELECT count(*) FROM number").fetchone()[0]


def test_what_was_committed_is_soon_in_the_file_itself(path):
    writer = LedgerWriter(path)
    write(writer, EVERY - 1)
    until(lambda: count(path, "?immutable=1") == EVERY - 1)  # the log is not looked at
    writer.close()


def test_a_copy_that_fails_takes_nothing_from_the_writer(path, monkeypatch):
    def failing(_):
        raise UnavailableError("no connection")

    monkeypatch.setattr("features.log_copier.connect", failing)
    writer = LedgerWriter(path)
    for _ in range(4):
        write(writer, EVERY)
    writer.close()
    assert count(path) == 4 * EVERY
