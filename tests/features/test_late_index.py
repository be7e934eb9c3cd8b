"""The index from identifiers to records is left out while a load fills an empty ledger, and never missing after it."""

import fcntl
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing

import pytest
from ledger_builders import NOW, an_event

from features.intake import Arrival, Intake
from features.late_index import LateIndex
from features.ledger import Ledger

BATCH = 10
ARRIVAL = Arrival(NOW)
THERE = "SELECT 1 FROM sqlite_master WHERE name = 'record_node'"


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    monkeypatch.setattr("features.intake.BULK_BATCH", BATCH)
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def is_indexed(ledger) -> bool:
    with ledger.read() as connection:
        return connection.execute(THERE).fetchone() is not None


def loading(ledger, *, n=6 * BATCH, meanwhile=lambda: None):
    """Load some events; whether the index was there after each batch but the last. `meanwhile` is called midway."""
    seen = []

    def events():
        for number in range(n):
            if number % BATCH == 0 and number > 2 * BATCH:
                seen.append(is_indexed(ledger))
            if number == n // 2:
                meanwhile()
            yield an_event(f"m-{number}")

    assert Intake(ledger).load(events(), ARRIVAL).accepted == n
    return seen


def test_it_is_left_out_of_an_empty_ledger_and_made_at_the_end(ledger):
    assert not any(loading(ledger))
    assert is_indexed(ledger)
    with Ledger(ledger.path):
        assert is_indexed(ledger)


def test_a_ledger_that_has_records_keeps_it(ledger):
    Intake(ledger).accept([an_event("first")], received_at=NOW)
    assert all(loading(ledger))


def test_it_is_never_left_out_where_somebody_serves(ledger):
    with (ledger.path.parent / "serving.lock").open("w") as serving:
        fcntl.flock(serving, fcntl.LOCK_EX)
        assert all(loading(ledger))


def test_it_is_made_at_once_where_somebody_begins_to_serve(ledger):
    with (ledger.path.parent / "serving.lock").open("w") as serving:
        seen = loading(ledger, meanwhile=lambda: fcntl.flock(serving, fcntl.LOCK_EX))
    assert not seen[0]
    assert seen[-1]


def test_it_is_made_at_once_where_somebody_else_writes(ledger):
    def write():
        with Ledger(ledger.path) as other:
            Intake(other).accept([an_event("other")], received_at=NOW)

    seen = loading(ledger, meanwhile=write)
    assert not seen[0]
    assert seen[-1]


def test_whoever_opens_the_ledger_meanwhile_leaves_it_alone(ledger):
    def look():
        with Ledger(ledger.path) as other:
            assert not is_indexed(other)

    assert not any(loading(ledger, meanwhile=look))


def test_only_one_load_leaves_it_out(ledger):
    one, other = LateIndex(ledger.path), LateIndex(ledger.path)
    ledger.write(one.leave_out).result()
    ledger.write(other.leave_out).result()
    ledger.write(other.make).result()
    assert not is_indexed(ledger)
    one.let_go()


def test_after_a_load_that_failed_it_is_there(ledger):
    def fail():
        raise ValueError("a bad disk")

    with pytest.raises(ValueError, match="a bad disk"):
        loading(ledger, meanwhile=fail)
    assert is_indexed(ledger)
    assert ledger.last_seq() > 0


KILLED = """
    import os, signal, sys
    from pathlib import Path
    import features.intake
    from features.ledger import Ledger
    from ledger_builders import NOW, an_event

    features.intake.BULK_BATCH = 10

    def events():
        for number in range(1_000):
            if number == 500:
                os.kill(os.getpid(), signal.SIGKILL)
            yield an_event(f"m-{number}")

    with Ledger(Path(sys.argv[1])) as ledger:
        features.intake.Intake(ledger).load(events(), features.intake.Arrival(NOW))
"""


def test_after_a_load_that_was_killed_whoever_opens_the_ledger_makes_it(tmp_path):
    path = tmp_path / "ledger.db"
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(path)]
    assert subprocess.run(command, env=environment, check=False).returncode == -9
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(THERE).fetchone() is None
    with Ledger(path) as ledger:
        assert is_indexed(ledger)
        assert 0 < ledger.last_seq() < 1_000
