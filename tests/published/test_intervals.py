"""Intervals hold the truth as often as they say: 150 of the 1,000 logs of `python -m benchmarks --only intervals`."""

import pytest

from benchmarks.intervals import coverage

N_LOGS = 150


@pytest.fixture(scope="module")
def held():
    return coverage(N_LOGS)


@pytest.mark.parametrize("name", ["ips", "clipped_ips", "snips", "doubly_robust"])
def test_the_bootstrap_by_customer_covers_as_it_says(held, name):
    assert 0.90 <= held[name][0] <= 0.99


@pytest.mark.parametrize("name", ["ips", "clipped_ips", "doubly_robust"])
def test_the_empirical_bernstein_interval_never_covers_less(held, name):
    assert held[name][1] >= 0.95


def test_the_direct_method_is_falsely_sure_of_itself(held):
    assert held["direct"][0] < 0.5
