"""A SQLite file is opened with its settings, or not at all."""

import sqlite3
from contextlib import closing

import pytest
from open_files import n_open

from features.sqlite_file import opened


def test_what_the_script_sets_is_set(tmp_path):
    with closing(opened(tmp_path / "some.db", "PRAGMA cache_size = -77; CREATE TABLE t (x);")) as connection:
        assert connection.execute("PRAGMA cache_size").fetchone() == (-77,)
        assert n_open(tmp_path / "some.db") == 1


def test_a_file_that_cannot_be_used_is_not_left_open(tmp_path):
    path = tmp_path / "some.db"
    path.write_bytes(b"this is no database, but long enough to look like a file of one" * 100)
    with pytest.raises(sqlite3.DatabaseError) as raised:
        opened(path, "PRAGMA journal_mode = WAL")
    assert raised.value.__traceback__ is not None  # which would keep the connection
    assert n_open(path) == 0
