"""The interval of a self-normalised mean, and the edges of what estimators take in."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisioning.errors import InvalidInputError
from training.off_policy.estimator import snips
from training.off_policy.ranking import RANKING_ESTIMATORS, RankingTerms
from training.off_policy.terms import PolicyTerms, policy_terms
from training.reward_log import LoggedRewards

SEEDS = st.integers(0, 2**32 - 1)


def some_terms(seed, n=30):
    rng = np.random.default_rng(seed)
    return PolicyTerms(rng.exponential(size=n), rng.normal(5, 2, n), rng.normal(size=n), rng.normal(size=n))


@given(SEEDS, st.sampled_from([0.5, 0.95, 0.99]))
def test_a_weighted_mean_reaches_as_far_as_the_delta_method_says_on_either_side(seed, confidence):
    terms = some_terms(seed)
    w, r = terms.weight, terms.reward
    value = (w @ r) / w.sum()
    error = np.sqrt((w**2 * (r - value) ** 2).sum()) / w.sum()
    reach = NormalDist().inv_cdf(0.5 + confidence / 2) * error
    found = snips(terms).interval(confidence)
    assert (found.low, found.high) == pytest.approx((value - reach, value + reach))


def test_of_equal_rewards_a_weighted_mean_is_certain_and_of_no_weight_nothing_is_known():
    terms = some_terms(1)
    certain = snips(replace(terms, reward=np.full(30, 3.0))).interval()
    assert (certain.low, certain.high) == pytest.approx((3.0, 3.0), abs=1e-6)
    assert snips(replace(terms, weight=np.zeros(30))).interval() is None


def test_a_weight_that_is_as_large_as_it_may_be_still_corrects_the_model_and_a_larger_one_does_not():
    terms = PolicyTerms(np.array([10.0, 10.5]), np.ones(2), np.full(2, 3.0), np.full(2, 0.5))
    assert terms.switched(10.0).tolist() == [8.0, 3.0]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_one_value_that_is_not_finite_is_refused_by_the_name_of_its_matrix(wrong):
    half = np.full((3, 2), 0.5)
    log = LoggedRewards(("no_action", "card"), np.arange(3), np.zeros(3, dtype=int), half, np.ones(3), np.ones(3))
    one = half.copy()
    one[1, 1] = wrong
    for name, given_ in (("q_hat", {"target": half, "q_hat": one}), ("target policy", {"target": one})):
        with pytest.raises(InvalidInputError, match=f"{name} has values that are not finite"):
            policy_terms(log, **given_)


def test_one_place_that_the_log_could_not_have_shown_is_refused_among_many():
    shown = np.full((4, 2), 0.5)
    never = shown.copy()
    never[2, 1] = 0.0
    for name in ("logged", "logged_marginal"):
        parts = {"logged": shown, "target": shown, "logged_marginal": shown, "target_marginal": shown, name: never}
        with pytest.raises(InvalidInputError, match=f"{name} is not above 0") as refused:
            RankingTerms(np.ones((4, 2)), **parts)
        assert refused.value.field == name


@pytest.mark.parametrize("name", RANKING_ESTIMATORS)
def test_a_shorter_ranking_is_worth_what_its_own_places_are(name):
    short = RankingTerms(*(np.array([[each, np.nan]]) for each in (3.0, 0.5, 0.25, 0.5, 0.25)))
    assert RANKING_ESTIMATORS[name](short).value == 1.5
