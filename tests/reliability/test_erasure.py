"""Row 51 of the reliability list: after an erasure no file of the home holds a byte of the customer.

Others' rows are as they were, and a replay of everything that was ever sent brings nobody back.
"""

import copy
import resource
import time
from datetime import timedelta

import pytest
from canaries import START, Subject, a_workspace, hits, lived, rows_of_others

from features.privacy.erasure import ErasureBook
from features.privacy.tables import DECLARED, owning_columns
from features.receipt import Arrival
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from pipelines.erase import erase
from pipelines.materialize import materialize
from pipelines.retrain import retrain

SECONDS = 60
FEWEST = 200
"""Subjects with whom there are enough decisions to learn from."""


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("n", [10, pytest.param(200, marks=pytest.mark.reliability)])
def test_no_byte_of_an_erased_customer_remains_and_a_replay_brings_nobody_back(tmp_path, n):
    subjects, others = Subject.many(n, seed=1), Subject.many(3 * n, seed=2)
    clock = SimulatedClock(START)
    with compose(tmp_path / "home", a_workspace(tmp_path), clock=clock) as composition:
        sent, outcomes, ids = lived(composition, subjects)
        lived(composition, others)
        materialize(composition)
        clock.move(clock.now + timedelta(days=15))
        if n >= FEWEST:
            retrain(composition, as_of=clock.now)
        assert len(hits(tmp_path / "home", subjects, ids)) > 5
        before = rows_of_others(composition, subjects)

        began, spent = time.monotonic(), cpu_seconds()
        done = erase(composition, [subject.reference for subject in subjects])
        took, spent = time.monotonic() - began, cpu_seconds() - spent
        print(f"{n} subjects erased in {took:.2f} s ({spent:.2f} s of CPU): {dict(done.removed)}")
        assert (done.customers, done.swept) == (n, True)
        assert n < FEWEST or took < SECONDS
        assert hits(tmp_path / "home", subjects, ids) == {}
        assert rows_of_others(composition, subjects) == before

        clock.move(clock.now + timedelta(hours=1))
        n_records = composition.ledger.last_seq()
        composition.intake.accept(copy.deepcopy(sent), received_at=clock())
        composition.intake.load(copy.deepcopy(sent), Arrival(clock(), source="again", backfill=True))
        composition.outcomes.accept(outcomes, received_at=clock())
        materialize(composition)
        assert composition.ledger.last_seq() == n_records
        assert hits(tmp_path / "home", subjects, ids) == {}
        proof = list(composition.ledger.records(kinds=["erasure"]))
        assert [record.record_id for record in proof] == [done.erasure_id]


def test_every_table_of_the_ledger_says_how_it_is_erased(tmp_path):
    with compose(tmp_path / "home", a_workspace(tmp_path)) as composition:
        with composition.ledger.read() as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            owned = owning_columns(connection)
        assert owned.keys() | DECLARED.keys() >= tables
        assert {"record", "identifier", "claim", "request", "contact"} <= owned.keys()


def test_a_table_that_nobody_thought_of_stops_every_erasure(tmp_path):
    with compose(tmp_path / "home", a_workspace(tmp_path), clock=SimulatedClock(START)) as composition:
        lived(composition, Subject.many(1, seed=1))
        make = "CREATE TABLE thought_of_later (whose TEXT)"
        composition.ledger.write(lambda connection: connection.execute(make).rowcount).result()
        with pytest.raises(Exception, match="thought_of_later"):
            ErasureBook(composition.ledger).erase([Subject.many(1, seed=1)[0].reference], now=START)
