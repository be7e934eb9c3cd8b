"""A store that does not answer is asked three times, and then by nobody but one who looks again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from patience import LONGEST, until

from decisioning.errors import UnavailableError
from features.breaker import MOST_FAILURES, Breaker
from features.prompt import PromptProjection, PromptRows


class Store:
    """Rows that are there or not; counts how often they were asked for."""

    def __init__(self):
        self.is_there, self.n_asked = True, 0

    def read(self, customer_id):
        self.n_asked += 1
        if not self.is_there:
            raise UnavailableError("gone")
        return []

    def read_many(self, customer_ids):
        return self.read(customer_ids[0])


@pytest.fixture
def aside():
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr("features.breaker.PAUSE_SECONDS", 0.01)


def tried(rows):
    try:
        return rows.read("c_1")
    except UnavailableError:
        return None


def test_after_three_failures_in_a_row_only_looks_ask_and_one_that_succeeds_opens_it_to_all(aside):
    store, seen = Store(), Store()
    breaker = Breaker("the store", lambda: seen.read("c_1"), aside)
    rows = PromptRows(store, breaker)
    store.is_there = seen.is_there = False
    assert [tried(rows) for _ in range(20)] == [None] * 20
    assert store.n_asked == MOST_FAILURES
    until(lambda: seen.n_asked > 2)
    assert breaker.is_open
    store.is_there = seen.is_there = True
    until(lambda: not breaker.is_open)
    assert tried(rows) == []
    breaker.close()


def test_a_success_ends_a_series_of_failures(aside):
    store = Store()
    breaker = Breaker("the store", lambda: store.read("c_1"), aside)
    rows = PromptRows(store, breaker)
    for _ in range(5):
        store.is_there = False
        tried(rows)
        tried(rows)
        store.is_there = True
        assert tried(rows) == []
    assert not breaker.is_open
    breaker.close()


def test_an_error_that_nobody_foresaw_does_not_end_the_looking(aside):
    looks = iter([RuntimeError("odd"), UnavailableError("gone"), None])

    def look():
        error = next(looks)
        if error:
            raise error

    breaker, store = Breaker("the store", look, aside), Store()
    store.is_there = False
    for _ in range(MOST_FAILURES):
        tried(PromptRows(store, breaker))
    until(lambda: not breaker.is_open)
    breaker.close()


class Slow:
    """A projection that is behind until it is let go on."""

    ledger = None

    def __init__(self):
        self.go_on, self.n_begun, self.done = Event(), 0, False

    def skim(self):
        return self.done

    def catch_up(self):
        self.n_begun += 1
        self.go_on.wait(LONGEST)
        self.done = True
        return 1


def test_nobody_waits_longer_for_what_is_new_than_they_have_patience_and_it_is_applied_once(aside):
    slow = Slow()
    breaker = Breaker("the store", slow.catch_up, aside)
    prompt = PromptProjection(slow, breaker, aside, patience=0.05)
    for _ in range(MOST_FAILURES + 5):
        with pytest.raises(UnavailableError):
            prompt.catch_up()
    assert slow.n_begun == 1
    slow.go_on.set()
    until(lambda: not breaker.is_open)
    prompt.catch_up()
    breaker.close()
