"""Law 6: a bootstrap by customer may be summed in parts, in any order; rankings agree with their own log, and merge."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisioning.errors import InvalidInputError
from training.off_policy.ranking import RANKING_ESTIMATORS, RankingTerms
from training.off_policy.replicates import MOST_COUNTED, Replicates, poisson_counts

seeds = st.integers(0, 2**32 - 1)
N = 40


def columns(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(N, 3)), generator.integers(0, 15, size=N)


def summed(values: np.ndarray, customers: np.ndarray) -> Replicates:
    return Replicates.of(values, customers, replicates=25, seed=3)


@given(seed=seeds, cut=st.integers(0, N))
def test_merging_two_parts_equals_the_bootstrap_of_both_even_where_a_customer_is_in_either(seed, cut):
    values, customers = columns(seed)
    merged = summed(values[:cut], customers[:cut]).merge(summed(values[cut:], customers[cut:]))
    np.testing.assert_allclose(merged.drawn, summed(values, customers).drawn, atol=1e-9)
    np.testing.assert_allclose(merged.point, values.sum(axis=0), atol=1e-9)


@given(seed=seeds, cells=st.integers(1, 4_000))
def test_all_decisions_of_a_customer_count_as_often_in_a_replicate_and_once_on_the_average(seed, cells):
    values, customers = columns(seed)
    times = Replicates.of(np.eye(N), customers, replicates=400, seed=seed).drawn
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("training.off_policy.replicates.CELLS", cells)
        some_at_once = Replicates.of(values, customers, replicates=400, seed=seed)
    np.testing.assert_allclose(some_at_once.drawn, times @ values, atol=1e-9)
    assert all(len(np.unique(times[:, customers == each], axis=1).T) == 1 for each in customers)
    assert set(times.ravel()) <= set(range(MOST_COUNTED + 1))
    assert times.mean() == pytest.approx(1.0, abs=0.15)


@given(seeds)
def test_the_order_of_decisions_does_not_matter(seed):
    values, customers = columns(seed)
    order = np.random.default_rng(seed).permutation(N)
    np.testing.assert_allclose(
        summed(values[order], customers[order]).drawn, summed(values, customers).drawn, atol=1e-9
    )


def test_a_customer_is_known_by_name_whatever_the_type_of_the_column():
    values, customers = columns(1)
    words = np.array([str(customer) for customer in customers], dtype=object)
    np.testing.assert_allclose(summed(values, customers).drawn, summed(values, words).drawn, atol=1e-9)


def test_counts_are_poisson_with_mean_and_variance_1_and_differ_between_seeds():
    keys = np.arange(4000, dtype=np.uint64)
    counts = poisson_counts(keys, replicates=100, seed=0)
    assert counts.mean() == pytest.approx(1.0, abs=0.01)
    assert counts.var() == pytest.approx(1.0, abs=0.02)
    assert (counts == 0).mean() == pytest.approx(np.exp(-1), abs=0.005)
    for neighbour in (counts[1:, :-1], counts[:-1, 1:], poisson_counts(keys, replicates=100, seed=1)[:-1, :-1]):
        assert abs(np.corrcoef(counts[:-1, :-1].ravel(), neighbour.ravel())[0, 1]) < 0.01


def test_parts_that_were_drawn_differently_do_not_merge():
    values, customers = columns(1)
    with pytest.raises(InvalidInputError, match="one seed"):
        summed(values, customers).merge(Replicates.of(values, customers, replicates=25, seed=4))


def rankings(seed: int, n: int = 30) -> RankingTerms:
    generator = np.random.default_rng(seed)
    parts = [generator.uniform(0.05, 1, size=(n, 3)) for _ in range(4)]
    reward = generator.normal(size=(n, 3))
    reward[generator.random(n) < 0.3, 2] = np.nan
    return RankingTerms(reward, *parts, position_weights=np.array([1.0, 0.5, 0.25]))


@pytest.mark.parametrize("name", RANKING_ESTIMATORS)
@given(seed=seeds)
def test_a_ranking_policy_on_its_own_log_earns_the_mean(name, seed):
    terms = rankings(seed)
    own = replace(terms, target=terms.logged, target_marginal=terms.logged_marginal)
    earned = np.nansum(terms.reward * terms.position_weights, axis=1).mean()
    assert RANKING_ESTIMATORS[name](own).value == pytest.approx(earned)


@pytest.mark.parametrize("name", RANKING_ESTIMATORS)
@given(seed=seeds, cut=st.integers(0, 30))
def test_rankings_merge(name, seed, cut):
    terms, estimator = rankings(seed), RANKING_ESTIMATORS[name]
    arrays = ("reward", "logged", "target", "logged_marginal", "target_marginal")
    head, tail = (
        replace(terms, **{each: getattr(terms, each)[part] for each in arrays})
        for part in (slice(0, cut), slice(cut, None))
    )
    assert estimator(head).merge(estimator(tail)).value == pytest.approx(estimator(terms).value, rel=1e-9, abs=1e-9)


def test_rankings_of_one_place_are_plain_ips():
    terms = RankingTerms(*(np.array([[each]]) for each in (3.0, 0.5, 0.25, 0.5, 0.25)))
    assert {estimator(terms).value for estimator in RANKING_ESTIMATORS.values()} == {1.5}


def test_a_ranking_that_the_log_could_not_have_shown_is_refused():
    good = rankings(1)
    with pytest.raises(InvalidInputError, match="not above 0"):
        replace(good, logged=np.zeros_like(good.logged))
    with pytest.raises(InvalidInputError, match="shape"):
        replace(good, target=good.target[:, :2])
