"""Windows of decisions, and which events lie in them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from log_builder import GOAL

from features.workspace import Goal
from training.labels import DAY_US, Windows


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**13)), min_size=1, unique=True))
@settings(max_examples=30)
def test_windows_end_by_the_next_decision_and_never_overlap(decided):
    owner, at_us = np.array(sorted(decided, key=lambda pair: pair[1])).T
    ends_us = Windows.of(owner, at_us, GOAL).ends_us
    for customer in np.unique(owner):
        mine = owner == customer
        assert (ends_us[mine][:-1] <= at_us[mine][1:]).all()


moments = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12)), min_size=1, max_size=8)


@given(moments, moments, st.booleans())
def test_an_event_counts_strictly_after_a_decision_to_the_last_microsecond_before_its_end(
    decided, happened, until_next_decision
):
    decided = sorted(decided, key=lambda pair: pair[1])
    goal = Goal(window_days=4.5 / DAY_US, until_next_decision=until_next_decision)
    windows = Windows.of(*np.array(decided).T, goal)
    expected = []
    for event, (who, at_us) in enumerate(happened):
        for row, (owner, decided_us) in enumerate(decided):
            following = [later for other, later in decided[row + 1 :] if other == owner]
            is_cut = until_next_decision and bool(following) and at_us >= following[0]
            if owner == who and decided_us < at_us <= decided_us + 4 and not is_cut:
                expected.append((row, event))
    rows, events = windows.pairs(*np.array(happened).T)
    assert list(zip(rows.tolist(), events.tolist(), strict=True)) == expected
