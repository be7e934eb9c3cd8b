"""Law 6: the estimators agree with the log they stand on, merge, and never widen with more constant data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.off_policy.estimator import ESTIMATORS, doubly_robust, ips, snips
from training.off_policy.terms import PolicyTerms, policy_terms
from training.reward_log import LoggedRewards

seeds = st.integers(0, 2**32 - 1)


def a_log(seed: int, n: int = 30, n_actions: int = 4) -> tuple[LoggedRewards, np.random.Generator]:
    generator = np.random.default_rng(seed)
    probability = generator.dirichlet(np.ones(n_actions), size=n) * 0.9 + 0.1 / n_actions
    chosen = (probability.cumsum(axis=1) < generator.random((n, 1))).sum(axis=1).clip(max=n_actions - 1)
    reward = generator.normal(size=n) * 5
    customers = generator.integers(0, n, size=n)
    return LoggedRewards(
        tuple("abcd"[:n_actions]), customers, chosen, probability, reward, reward.clip(max=4)
    ), generator


def some_terms(seed: int, n: int = 30) -> PolicyTerms:
    log, generator = a_log(seed, n)
    target = generator.dirichlet(np.ones(4), size=n)
    return policy_terms(log, target, q_hat=generator.normal(size=(n, 4)))


def rows(terms: PolicyTerms, part: slice) -> PolicyTerms:
    return PolicyTerms(terms.weight[part], terms.reward[part], terms.expected[part], terms.residual[part])


@given(seeds)
def test_the_ips_and_snips_value_of_a_policy_on_its_own_log_is_the_mean_reward(seed):
    log, _ = a_log(seed)
    terms = policy_terms(log, log.eligible_probability)
    assert ips(terms).value == pytest.approx(log.reward.mean())
    assert snips(terms).value == pytest.approx(log.reward.mean())


@given(seeds)
def test_doubly_robust_without_a_model_is_ips(seed):
    log, generator = a_log(seed)
    terms = policy_terms(log, generator.dirichlet(np.ones(4), size=30))
    assert doubly_robust(terms).value == pytest.approx(ips(terms).value)


@given(seeds)
def test_doubly_robust_with_a_model_that_is_always_right_is_what_the_model_expects(seed):
    log, generator = a_log(seed)
    target = generator.dirichlet(np.ones(4), size=30)
    truth = np.repeat(log.reward[:, None], 4, axis=1)
    terms = policy_terms(log, target, q_hat=truth)
    assert doubly_robust(terms).value == pytest.approx(log.reward.mean())


@pytest.mark.parametrize("name", ESTIMATORS)
@given(seed=seeds, cut=st.integers(0, 30))
def test_merging_two_parts_equals_the_estimator_over_both(name, seed, cut):
    estimator, terms = ESTIMATORS[name], some_terms(seed)
    whole = estimator(terms)
    merged = estimator(rows(terms, slice(0, cut))).merge(estimator(rows(terms, slice(cut, None))))
    assert merged.value == pytest.approx(whole.value, rel=1e-9, abs=1e-9)
    assert merged.interval().low == pytest.approx(whole.interval().low, rel=1e-6, abs=1e-6)
    assert merged.interval().high == pytest.approx(whole.interval().high, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", ESTIMATORS)
@given(seed=seeds, first=st.integers(0, 30), second=st.integers(0, 30))
def test_merging_is_associative(name, seed, first, second):
    low, high = sorted((first, second))
    terms, estimator = some_terms(seed), ESTIMATORS[name]
    a, b, c = (estimator(rows(terms, part)) for part in (slice(0, low), slice(low, high), slice(high, None)))
    assert a.merge(b).merge(c).value == pytest.approx(a.merge(b.merge(c)).value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", ESTIMATORS)
@given(seed=seeds, times=st.integers(2, 5))
def test_the_same_data_again_never_widens_an_interval(name, seed, times):
    once = ESTIMATORS[name](some_terms(seed))
    often = once
    for _ in range(times - 1):
        often = often.merge(once)
    assert often.value == pytest.approx(once.value)
    assert width(often) <= width(once) * (1 + 1e-9)


@pytest.mark.parametrize("name", ESTIMATORS)
@given(
    weight=st.floats(0.01, 50), reward=st.floats(-100, 100), model=st.floats(-100, 100),
    n=st.integers(2, 50), more=st.integers(1, 50),
)  # fmt: skip
def test_more_constant_data_never_widens_an_interval(name, weight, reward, model, n, more):
    def constant(length: int) -> PolicyTerms:
        return PolicyTerms(*(np.full(length, value) for value in (weight, reward, model, reward - model)))

    slack = 1e-4 * (1 + weight * (abs(reward) + abs(model)))
    assert width(ESTIMATORS[name](constant(n + more))) <= width(ESTIMATORS[name](constant(n))) + slack


@pytest.mark.parametrize("name", ESTIMATORS)
def test_nothing_in_is_none_out(name):
    nothing = ESTIMATORS[name](PolicyTerms(*(np.empty(0) for _ in range(4))))
    assert nothing.value is None
    assert nothing.interval() is None
    assert nothing.merge(nothing).value is None


@pytest.mark.parametrize("name", ESTIMATORS)
@given(seeds)
def test_what_saw_nothing_changes_nothing_that_it_is_merged_with(name, seed):
    some = ESTIMATORS[name](some_terms(seed))
    assert type(some)().merge(some) == some == some.merge(type(some)())


def width(estimator) -> float:
    found = estimator.interval()
    return found.high - found.low
