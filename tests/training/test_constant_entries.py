"""What the best constant action is, by what a log says of every action: luck is not taken for worth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from response_world import a_log

from decisioning.action import NO_ACTION
from training.constant import constant_entries

ACTIONS = ("good", "fair", "poor", "rare", NO_ACTION)
WORTH = (3.0, 1.0, -1.0, 1.0, 0.0)


def a_frame(seed, *, n, rarely, luck=None):
    """Rewards around what each action is worth; `rare` is chosen so many times, and then brings `luck`."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice([0, 1, 2, 4], n)
    chosen[:rarely] = 3
    reward = rng.normal(np.array(WORTH)[chosen], 8.0)
    if luck is not None:
        reward[:rarely] = luck
    converted = np.zeros((n, len(ACTIONS)), dtype=bool)
    return a_log(ACTIONS, chosen=chosen, converted=converted, reward=reward, features={})


def order_of(frame):
    entries = constant_entries(frame)
    return sorted(entries, key=lambda name: -entries[name].value)


@pytest.mark.parametrize(("rarely", "luck"), [(1, 40.0), (2, 20.0), (5, 10.0)])
def test_what_was_lucky_once_is_not_first_and_its_error_is_that_of_a_decision(rarely, luck):
    frame = a_frame(1, n=6_000, rarely=rarely, luck=luck)
    entries = constant_entries(frame)
    assert order_of(frame)[0] == "good"
    assert entries["rare"].standard_error == pytest.approx(8.0 / np.sqrt(rarely), rel=0.1)
    assert entries["rare"].value < entries["good"].value


def test_what_is_well_founded_hardly_moves():
    entries = constant_entries(a_frame(2, n=40_000, rarely=5_000))
    for name, worth in zip(ACTIONS, WORTH, strict=True):
        if name != NO_ACTION:
            assert entries[name].value == pytest.approx(worth, abs=4 * entries[name].standard_error)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_on_the_whole_drawn_values_come_nearer_to_the_truth(seed):
    errors = []
    for nth in range(12):
        entries = constant_entries(a_frame((seed, nth), n=300, rarely=3))
        errors.append(sum((entries[name].value - worth) ** 2 for name, worth in zip(ACTIONS[:4], WORTH, strict=False)))
    plain = 4 * 8.0**2 / 75 + 3 * 8.0**2 / 75 + 8.0**2 / 3
    assert np.mean(errors) < plain


def test_of_what_chance_may_have_told_apart_the_better_one_is_first():
    frame = a_frame(3, n=200, rarely=50)
    frame.capped_reward[:] = np.where(frame.chosen == 1, 1.02, 1.0) + np.tile([0.5, -0.5], 100)
    values = {name: entry.value for name, entry in constant_entries(frame).items()}
    assert len(set(values.values())) == len(values)
