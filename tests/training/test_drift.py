"""Drift: what is found is more than chance, as seldom wrong and as often right as it says."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import chndtr

from features.quality.stability import stability_of
from training.monitoring.drift import POWER, Criterion, critical, detectable, drift_of, missing_drift
from training.monitoring.histogram import design_effect, histogram, histogram_from_json, histogram_to_json

FALSE_ALARMS = 0.05
ANY = Criterion(threshold=0.0, false_alarms=FALSE_ALARMS)
COUNTS = st.lists(st.integers(0, 500), min_size=2, max_size=12).filter(any)


@given(COUNTS, st.randoms(use_true_random=False))
def test_the_index_is_symmetric_never_negative_and_zero_for_equal_counts(before, chance):
    after = chance.sample(before, len(before))
    one, other = (np.array(each, dtype=float) for each in (before, after))
    assert stability_of(one, one).psi == 0.0
    assert stability_of(one, other).psi == pytest.approx(stability_of(other, one).psi)
    assert stability_of(one, other).psi >= 0.0


def a_slow_design_effect(places, customers, n_bins):
    """The generalised design effects' mean and unevenness, of shares without each customer in turn."""
    n, names = len(places), sorted(set(customers))
    shares = {k: (places == k).mean() for k in range(n_bins) if (places == k).any()}
    if len(names) < 2 or len(shares) < 2:
        return (n if len(names) < 2 else 1.0), 1.0
    without = [{k: (places[customers != each] == k).mean() for k in shares} for each in names]
    moved_by = np.array([[(rest[k] - shares[k]) / sqrt(shares[k]) for k in shares] for rest in without])
    effects = np.linalg.eigvalsh(n * (1 - 1 / len(names)) * moved_by.T @ moved_by)
    free = len(shares) - 1
    uneven = free * (effects**2).sum() / effects.sum() ** 2 if effects.sum() else 1.0
    return max(1.0, effects.sum() / free), max(1.0, uneven)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=60))
def test_the_design_effect_equals_a_plain_reading(rows):
    places, customers = np.array([r[0] for r in rows]), np.array([f"c{r[1]}" for r in rows], dtype=object)
    assert design_effect(places, customers, n_bins=4) == pytest.approx(a_slow_design_effect(places, customers, 4))


def a_window(rng, *, n_customers, per_customer, shift=0.0):
    """Values that customers share: nine tenths of the variance is between them."""
    customers = np.repeat(np.arange(n_customers), per_customer).astype(str).astype(object)
    level = np.repeat(rng.normal(size=n_customers), per_customer)
    values = shift + sqrt(0.9) * level + sqrt(0.1) * rng.normal(size=len(level))
    values[rng.random(len(values)) < 0.1] = np.nan
    return values, customers


def reference(rng):
    return histogram(*a_window(rng, n_customers=1000, per_customer=5))


def test_of_200_windows_of_a_world_that_did_not_change_no_more_are_found_than_is_stated():
    found = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        before = reference(rng)
        now = histogram(*a_window(rng, n_customers=300, per_customer=4), edges=before.edges)
        found += drift_of(before, now, ANY).moved
    assert found <= 200 * FALSE_ALARMS + 2 * sqrt(200 * FALSE_ALARMS * (1 - FALSE_ALARMS))


def test_rows_of_one_customer_taken_for_independent_would_be_found_far_too_often():
    naive = 0
    for seed in range(50):
        rng = np.random.default_rng(seed)
        before = reference(rng)
        now = histogram(*a_window(rng, n_customers=300, per_customer=4), edges=before.edges)
        naive += drift_of(replace(before, design_effect=1.0), replace(now, design_effect=1.0), ANY).moved
    assert naive > 4 * 50 * FALSE_ALARMS


def an_uneven_window(rng, n_customers, **bins):
    """Values that are their customer's own, of customers whose decisions are as many as Pareto's law with 1.5 says."""
    decisions = np.minimum(np.ceil(rng.pareto(1.5, n_customers)), 300).astype(int)
    level = rng.normal(size=n_customers)
    rows = np.repeat(np.arange(n_customers), decisions)
    values = sqrt(0.3) * level[rows] + sqrt(0.7) * rng.normal(size=len(rows))
    return histogram(values, rows.astype(str).astype(object), **bins)


def test_where_a_few_customers_make_most_of_the_decisions_no_more_are_found_than_is_stated():
    found = tested = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        before = an_uneven_window(rng, 1000)
        drift = drift_of(before, an_uneven_window(rng, 300, edges=before.edges), ANY)
        tested += drift is not None
        found += drift is not None and drift.moved
    assert tested >= 150
    assert found <= 200 * FALSE_ALARMS + 2 * sqrt(200 * FALSE_ALARMS * (1 - FALSE_ALARMS))


def test_a_window_of_one_customer_says_nothing():
    rng = np.random.default_rng(7)
    before = reference(rng)
    assert (
        drift_of(before, histogram(*a_window(rng, n_customers=1, per_customer=2000), edges=before.edges), ANY) is None
    )


def test_a_reference_that_did_not_measure_unevenness_reads_as_even():
    written = histogram_to_json(reference(np.random.default_rng(6)))
    del written["unevenness"]
    assert histogram_from_json(written).unevenness == 1.0


def multinomial_pair(rng, p, q, n):
    edges = tuple(float(k) for k in range(len(p) - 1))
    ids = np.arange(n).astype(str).astype(object)
    before, now = (rng.choice(len(p), size=n, p=each).astype(float) for each in (p, q))
    return histogram(before, ids, edges=edges), histogram(now, ids, edges=edges)


@pytest.mark.parametrize("threshold", [0.0, 0.02])
def test_a_planted_drift_of_the_size_that_is_called_detectable_is_found_as_often_as_stated(threshold):
    test, n, p = Criterion(threshold, FALSE_ALARMS), 1500, np.full(10, 0.1)
    least = detectable(9, 2 / n, test)
    low, high = 0.0, 0.1  # a tilt whose index is just that
    for _ in range(50):
        tilt = (low + high) / 2
        q = p + tilt * np.where(np.arange(10) % 2, 1, -1)
        low, high = (tilt, high) if ((q - p) * np.log(q / p)).sum() < least else (low, tilt)
    found = sum(drift_of(*multinomial_pair(np.random.default_rng(seed), p, q, n), test).moved for seed in range(200))
    assert found >= 200 * POWER - 2 * sqrt(200 * POWER * (1 - POWER))


def power(psi, free, scale, criterion):
    """P(found) of a true index, by the noncentral χ² itself."""
    return 1 - chndtr(critical(free, scale, criterion) / scale, free, psi / scale)


@given(st.integers(1, 15), st.floats(1e-4, 0.05), st.floats(0.0, 0.3), st.floats(1e-5, 0.1))
def test_power_is_as_stated_where_stated_and_grows_with_the_drift(free, scale, threshold, alarms):
    test = Criterion(threshold, alarms)
    least = detectable(free, scale, test)
    assert power(least, free, scale, test) == pytest.approx(POWER, abs=1e-4)
    assert power(2 * least, free, scale, test) > POWER > power(least / 2, free, scale, test)
    assert least > critical(free, scale, test) / 4


def test_missing_values_that_become_more_are_found():
    rng = np.random.default_rng(3)
    before = reference(rng)
    values, customers = a_window(rng, n_customers=1000, per_customer=4)
    assert not missing_drift(before, histogram(values, customers, edges=before.edges), Criterion(0.1, 0.001)).moved
    values[rng.random(len(values)) < 0.3] = np.nan
    assert missing_drift(before, histogram(values, customers, edges=before.edges), Criterion(0.1, 0.001)).moved


def test_of_few_rows_nothing_is_said():
    rng = np.random.default_rng(4)
    before = reference(rng)
    assert drift_of(before, histogram(*a_window(rng, n_customers=20, per_customer=4), edges=before.edges), ANY) is None


def test_a_reference_holds_no_value_of_anybody_and_reads_back_equal():
    rng = np.random.default_rng(5)
    values, customers = a_window(rng, n_customers=300, per_customer=2)
    found = histogram(values, customers)
    assert not set(found.edges) & set(values.tolist())
    assert histogram_from_json(histogram_to_json(found)) == found
