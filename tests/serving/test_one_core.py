"""The thread that decides and the one that writes keep to the core on which others do least; all others roam."""

import asyncio
import os
import threading
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ledger import Ledger
from serving import one_core
from serving.one_core import MARGIN, CoreChoice, keep_to_one_core, seconds_at_work

several = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")
SHARES = st.floats(0, 1)


@given(st.dictionaries(st.integers(0, 7), SHARES, min_size=1), SHARES)
def test_the_first_choice_is_the_idlest_core(busy, own):
    assert busy[CoreChoice().best(busy, own=own)] == min(busy.values())


@given(st.lists(SHARES, min_size=2, max_size=8), st.integers(0, 7), SHARES)
def test_a_core_is_left_only_where_others_do_less_by_a_margin_elsewhere(shares, core, own):
    busy = dict(enumerate(shares))
    core %= len(shares)
    best = CoreChoice(core).best(busy, own=own)
    others = {each: share - own * (each == core) for each, share in busy.items()}
    assert (best == core) == (others[core] <= min(others.values()) + MARGIN)


def test_a_core_that_may_be_used_no_more_is_left():
    assert CoreChoice(3).best({0: 0.9, 1: 0.8}, own=0.5) == 1


def test_of_what_a_core_did_neither_idleness_nor_nice_work_counts(monkeypatch):
    monkeypatch.setattr(one_core, "_TICK", 100)
    stat = "cpu  9 9 9 9 9 9 9 9\ncpu0 100 5000 20 900 70 1 2 3 400 50\ncpu11 0 7 0 8 9 0 0 0 0 0\nintr 5\n"
    assert seconds_at_work(stat) == {0: 1.26, 11: 0.0}


@several
def test_two_threads_share_a_core_until_the_end_and_others_do_not(tmp_path, monkeypatch):
    monkeypatch.setattr(one_core, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(one_core, "LOOK_SECONDS", 0.01)
    before = os.sched_getaffinity(0)
    with Ledger(tmp_path / "home" / "ledger.db") as ledger, _Idle() as idle:
        ledger.write(lambda _: None).result()
        threads = {"decides": threading.get_native_id(), "writes": ledger.writing_thread, "idle": idle.native_id}
        during, after = asyncio.run(_seen(ledger, threads))
    assert during["decides"].cores == during["writes"].cores
    assert len(during["decides"].cores) == 1
    assert [each for each, how in during.items() if how.policy == os.SCHED_BATCH] == ["writes"]
    assert during["idle"] == after["idle"] == after["writes"] == after["decides"] == _How(before, os.SCHED_OTHER)


class _How(NamedTuple):
    """How a thread runs: on which cores, and by which policy."""

    cores: set[int]
    policy: int


async def _seen(ledger, threads):
    """How threads run while two are kept together, and afterwards."""
    keeping = asyncio.create_task(keep_to_one_core(ledger))
    await asyncio.sleep(0.3)
    during = _how(threads)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    return during, _how(threads)


def _how(threads):
    return {name: _How(os.sched_getaffinity(thread), os.sched_getscheduler(thread)) for name, thread in threads.items()}


class _Idle(threading.Thread):
    """A thread that waits until the end."""

    def __init__(self):
        super().__init__()
        self._end = threading.Event()

    def run(self):
        self._end.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join()


@several
def test_a_core_of_which_the_system_tells_nothing_is_taken_for_idle(tmp_path, monkeypatch):
    empty = tmp_path / "stat"
    empty.write_text("cpu 1 2 3 4\n")
    monkeypatch.setattr(one_core, "_STAT", empty)
    monkeypatch.setattr(one_core, "FIRST_SECONDS", 0.01)
    with Ledger(tmp_path / "home" / "ledger.db") as ledger:
        kept = asyncio.run(_seen(ledger, {"decides": threading.get_native_id()}))[0]
    assert kept["decides"].cores == {min(os.sched_getaffinity(0))}


@several
def test_where_the_system_forbids_it_the_service_goes_on_and_says_so(tmp_path, monkeypatch, caplog):
    def refused(*_):
        raise PermissionError("not allowed")

    monkeypatch.setattr(one_core, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr("os.sched_setaffinity", refused)
    with Ledger(tmp_path / "home" / "ledger.db") as ledger:
        asyncio.run(keep_to_one_core(ledger))
    assert "not allowed" in caplog.text
