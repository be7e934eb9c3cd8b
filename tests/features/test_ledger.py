import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from decisioning.errors import UnavailableError
from features.ledger import Ledger, insert_record
from features.ledger_schema import VERSION
from features.ledger_tail import SOUND


def a_row(name, at=1):
    return ("event", name, None, at, at, at, "test", b"{}")


def add(ledger, name):
    return ledger.write(lambda connection: insert_record(connection, a_row(name)))


def open_and_add(path, start, name):
    start.wait()
    with Ledger(path) as ledger:
        add(ledger, name).result()


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "home" / "ledger.db") as opened:
        yield opened


def test_records_come_back_in_the_order_they_were_written(ledger):
    for name in "abcde":
        add(ledger, name).result()
    assert [record.record_id for record in ledger.records()] == list("abcde")
    assert [record.seq for record in ledger.records(after_seq=3)] == [4, 5]
    assert [record.record_id for record in ledger.records(limit=2)] == ["a", "b"]
    assert list(ledger.records(kinds=("decision",))) == []
    assert ledger.last_seq() == 5


def test_pages_join_without_a_gap(ledger, monkeypatch):
    monkeypatch.setattr("features.ledger.PAGE", 2)
    for name in "abcde":
        add(ledger, name)
    assert add(ledger, "f").result() == 6
    assert [record.record_id for record in ledger.records()] == list("abcdef")
    assert [record.record_id for record in ledger.records(limit=3)] == list("abc")


def test_operations_that_wait_share_a_commit(ledger):
    go, commits = threading.Event(), []

    def first(connection):
        connection.set_trace_callback(lambda statement: commits.append(statement) if statement == "COMMIT" else None)
        go.wait()

    futures = [ledger.write(first), *(add(ledger, str(n)) for n in range(50))]
    go.set()
    for future in futures:
        future.result()
    assert ledger.last_seq() == 50
    assert len(commits) <= 2


def test_a_failing_operation_takes_nothing_with_it(ledger):
    def fails(connection):
        insert_record(connection, a_row("lost"))
        raise ValueError("no")

    before, failed, after = add(ledger, "before"), ledger.write(fails), add(ledger, "after")
    with pytest.raises(ValueError, match="no"):
        failed.result()
    before.result(), after.result()
    assert {record.record_id for record in ledger.records()} == {"before", "after"}


def test_an_operation_that_fails_alone_leaves_nothing(ledger):
    def fails(connection):
        insert_record(connection, a_row("lost"))
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            ledger.write(fails).result()
    add(ledger, "after").result()
    assert {record.record_id for record in ledger.records()} == {"after"}


def test_what_was_acknowledged_is_there_after_opening_again(tmp_path):
    path = tmp_path / "ledger.db"
    with Ledger(path) as ledger:
        add(ledger, "a").result()
    with Ledger(path) as ledger:
        assert [record.record_id for record in ledger.records()] == ["a"]


def test_commits_are_synced_to_disk(ledger):
    settings = ledger.write(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        ]
    )
    assert settings.result() == ["wal", 2]


def test_a_closed_ledger_says_so(ledger):
    ledger.close()
    with pytest.raises(UnavailableError, match="is closed"):
        add(ledger, "late")


def test_readers_cannot_write(ledger):
    with pytest.raises(UnavailableError, match="readonly"), ledger.read() as connection:
        connection.execute("DELETE FROM record")


def test_several_processes_start_on_an_empty_folder_and_write(tmp_path):
    path = tmp_path / "home" / "ledger.db"
    context = multiprocessing.get_context("forkserver")
    start = context.Event()
    processes = [context.Process(target=open_and_add, args=(path, start, str(n))) for n in range(8)]
    for process in processes:
        process.start()
    start.set()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 8
    with Ledger(path) as ledger:
        assert {record.record_id for record in ledger.records()} == set("01234567")


@pytest.mark.parametrize("content", [b"not a database, " * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_ledger_is_named(tmp_path, content):
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(UnavailableError) as refused:
        Ledger(path)
    assert str(path) in str(refused.value)


def test_a_ledger_that_breaks_while_it_is_open_is_named(tmp_path):
    path = tmp_path / "ledger.db"
    with Ledger(path) as ledger:
        for n in range(3000):
            add(ledger, f"record {n}")
        add(ledger, "last").result()
    damaged, half = path.read_bytes(), path.stat().st_size // 2
    path.write_bytes(damaged[:half] + b"\xff" * (len(damaged) - half))
    with Ledger(path) as ledger:
        with pytest.raises(UnavailableError, match=r"ledger\.db"):
            list(ledger.records())
        with pytest.raises(UnavailableError, match=r"ledger\.db"):
            add(ledger, "more").result()


def test_a_ledger_of_another_version_is_refused(tmp_path):
    path = tmp_path / "ledger.db"
    Ledger(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UnavailableError, match=f"version 99; this release reads version {VERSION}"):
        Ledger(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnavailableError, match="file"):
        Ledger(tmp_path / "file" / "ledger.db")


def test_opening_a_ledger_again_leaves_the_locks_of_who_has_it_open(ledger):
    with ledger.read() as connection:
        connection.execute("SELECT count(*) FROM record").fetchone()
        before = locks_on(ledger.path.with_name("ledger.db-shm"))
        Ledger(ledger.path).close()
        assert locks_on(ledger.path.with_name("ledger.db-shm")) == before != []


def locks_on(path):
    inode = f":{path.stat().st_ino}"
    held = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return sorted(each[-2:] for each in held if each[5].endswith(inode) and each[4] == str(os.getpid()))


def test_what_was_written_whole_by_who_ended_before_saying_so_is_no_damage(ledger):
    index = ledger.path.with_name("ledger.db-shm")
    add(ledger, "a").result()
    published = elsewhere(READ, index)
    add(ledger, "b").result()
    elsewhere(WRITE, index, published)
    with Ledger(ledger.path) as again:
        assert (again.last_seq(), again.recovered) == (1, SOUND)


READ = "sys.stdout.write(open(sys.argv[1], 'rb').read(96).hex())"
WRITE = "file = open(sys.argv[1], 'r+b'); file.write(bytes.fromhex(sys.argv[2])); file.close()"
"""Both copies of the head of the index, which say where the log ends."""


def elsewhere(what, *given):
    """In another process, whose closing a file takes no locks of this one away."""
    command = [sys.executable, "-c", f"import sys; {what}", *map(str, given)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
