"""What a bootstrap by customer refuses, leaves out and says of a ratio; and the mean of values that go together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisioning.errors import InvalidInputError
from training.bootstrap import estimate, mean_by_customer, replicate_totals, smallest_detectable
from training.off_policy.replicates import Replicates


def test_two_replicates_are_enough_for_an_interval_and_one_is_refused():
    assert Replicates.of(np.ones((3, 1)), np.arange(3), replicates=2).drawn.shape == (2, 1)
    with pytest.raises(InvalidInputError, match="at least 2 replicates, given 1"):
        Replicates.of(np.ones((3, 1)), np.arange(3), replicates=1)
    generator = np.random.default_rng(0)
    assert len(replicate_totals(np.ones((50, 1)), replicates=2, generator=generator)) == 2


def test_a_ratio_leaves_out_replicates_that_say_nothing_and_is_none_over_nothing():
    drawn = np.array([[2.0, 1.0], [9.0, 0.0], [6.0, 2.0]])
    found = Replicates(np.array([8.0, 4.0]), drawn, 0)
    ends = estimate(2.0, np.array([2.0, 3.0]), 0.5)
    assert found.ratio(0, 1, 0.5) == ends
    assert Replicates(np.array([8.0, 0.0]), drawn, 0).ratio(0, 1) is None


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=40), st.sampled_from([0.5, 0.8, 0.95]))
def test_an_interval_ends_at_the_replicates_of_the_orders_that_its_confidence_asks_for(values, confidence):
    tail, n = (1 - confidence) / 2, len(values)
    ordered = sorted(values)
    ends = [np.interp((n + 1) * p, np.arange(1, n + 1), ordered) for p in (tail, 1 - tail)]
    found = estimate(1.5, np.array(values), confidence)
    assert (found.value, found.low, found.high) == pytest.approx((1.5, *ends), abs=1e-9)


def test_of_no_replicate_nothing_is_ruled_out_and_of_one_no_effect_would_be_found():
    found = estimate(1.0, np.zeros(0), 0.95)
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert smallest_detectable(np.ones(1), 0.95) == np.inf


@given(st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 4)), min_size=1, max_size=30))
def test_the_error_of_a_mean_is_that_of_the_sums_by_customer(rows):
    values, customers = (np.array(each) for each in zip(*rows, strict=True))
    mean, error = mean_by_customer(values, customers)
    sums = [(values[customers == each] - values.mean()).sum() for each in set(customers.tolist())]
    n = len(sums)
    variance = sum(each**2 for each in sums) * (n / (n - 1) if n > 1 else 1.0)
    assert mean == pytest.approx(values.mean())
    assert error == pytest.approx(np.sqrt(variance) / len(values), abs=1e-9)
