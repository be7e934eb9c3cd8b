"""As many requests are under way as can be answered soon, whatever one of them costs."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.admission import FEWEST, MOST, SOON, Admission

ROUNDS = 4
"""Rounds of the event loop that a request is under way; in the first it is worked on."""


class Loop:
    """An event loop that is asked five times what it can bear. Parameters: `cost`, seconds of one request."""

    def __init__(self, cost):
        self.now, self._cost = 0.0, cost
        self.admission = Admission(clock=lambda: self.now)
        self._under_way = deque([0] * ROUNDS, maxlen=ROUNDS)
        self._lengths = deque([0.0] * ROUNDS, maxlen=ROUNDS)
        self.took = []

    def round(self):
        free = max(0, self.admission.n_allowed - sum(self._under_way))
        came = max(1, int(5 * self._lengths[-1] / self._cost))
        begun, n = self.now, min(free, came)
        self.now += max(n * self._cost, 1e-4)
        self._under_way.append(n)
        self._lengths.append(self.now - begun)
        self.took += [sum(self._lengths)] * self._under_way[0]
        for _ in range(n):
            self.admission.waited_since(begun)


@pytest.mark.parametrize("cost", [0.0005, 0.002, 0.01, 0.04])
def test_of_five_times_too_much_four_fifths_of_what_can_be_borne_is_answered_soon(cost):
    loop = Loop(cost)
    while loop.now < 10.0:
        loop.round()
    first, began = len(loop.took), loop.now
    while loop.now < began + 20.0:
        loop.round()
    assert np.percentile(loop.took[first:], 99) < 0.2
    assert (len(loop.took) - first) / 20.0 >= 0.8 / cost


@given(st.lists(st.floats(0.0, 10.0), max_size=300))
def test_some_are_always_let_in_and_never_too_many(waits):
    now = 0.0
    admission = Admission(clock=lambda: now)
    for wait in waits:
        began, now = now, now + wait
        admission.waited_since(began)
        assert FEWEST <= admission.n_allowed <= MOST


@pytest.mark.parametrize(("cost", "every", "pause"), [(0.004, 13, 0.05), (0.006, 20, 0.06), (0.002, 200, 0.3)])
def test_pauses_of_a_busy_machine_do_not_turn_eight_callers_away(cost, every, pause):
    now = 0.0
    admission = Admission(clock=lambda: now)
    for n in range(5_000):
        began, now = now, now + cost + pause * (n % every == 0)
        admission.waited_since(began)
        assert admission.n_allowed >= 8


def test_of_what_waits_together_no_moment_counts_twice():
    now = 1.0
    together, alone = Admission(clock=lambda: now), Admission(clock=lambda: now)
    for admission, begins in ((together, [0.0] * 20), (alone, [0.0] + [1.0] * 19)):
        for began in begins:
            admission.waited_since(began)
    assert together.n_allowed == alone.n_allowed


def test_it_grows_again_where_waits_are_short():
    now = 0.0
    admission = Admission(clock=lambda: now)
    for _ in range(500):
        began, now = now, now + SOON
        admission.waited_since(began)
    assert admission.n_allowed == FEWEST
    for _ in range(500):
        admission.waited_since(now)
    assert admission.n_allowed == MOST


@pytest.mark.parametrize("stages", [1, 5])
def test_what_the_loop_comes_around_to_in_stages_costs_what_it_costs_in_one(stages):
    now = 0.0
    admission = Admission(clock=lambda: now)
    for _ in range(1_000):
        for left in reversed(range(stages)):
            began, now = now, now + 0.01 / stages
            admission.waited_since(began, goes_on=left > 0)
    assert admission.n_allowed == 8
