"""The nuisance model of the doubly robust estimator."""

import numpy as np
import pytest

from decisioning.errors import InvalidInputError
from training.off_policy.estimator import doubly_robust, ips
from training.off_policy.terms import policy_terms
from training.policy import constant
from training.reward_log import LoggedRewards
from training.reward_model import cross_fitted, customer_folds, fit_reward_model


def a_world(seed: int = 0, n: int = 3000):
    """Uniform choices among 3 actions; action 1 pays where the first feature is above 0, action 2 pays 1 always."""
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(n, 4))
    features[::17, 3] = np.nan
    truth = np.column_stack([np.zeros(n), np.where(features[:, 0] > 0, 4.0, -1.0), np.ones(n)]) + 3
    chosen = generator.integers(0, 3, size=n)
    reward = truth[np.arange(n), chosen] + generator.normal(size=n)
    customers = np.array([f"c_{number}" for number in generator.integers(0, n // 2, size=n)])
    log = LoggedRewards(("no_action", "card", "loan"), customers, chosen, np.full((n, 3), 1 / 3), reward, reward)
    return features, log, truth


def test_it_learns_which_action_pays_for_whom():
    features, log, truth = a_world()
    model = fit_reward_model(features[:2000], log.chosen[:2000], log.reward[:2000], n_actions=3, seed=1)
    predicted = model.predict(features[2000:])
    assert predicted.shape == (1000, 3)
    assert np.abs(predicted - truth[2000:]).mean() < 0.35


def test_it_is_repeatable():
    features, log, _ = a_world(n=600)
    first, second = (fit_reward_model(features, log.chosen, log.reward, n_actions=3, seed=1) for _ in range(2))
    assert np.array_equal(first.predict(features), second.predict(features))


def test_no_customer_is_in_two_folds():
    customers = np.array(["a", "b", "a", "c", "b", "d"])
    fold = customer_folds(customers, folds=2, generator=np.random.default_rng(0))
    assert fold[0] == fold[2]
    assert fold[1] == fold[4]
    assert set(fold) == {0, 1}


def test_cross_fitting_never_reads_a_customers_own_rewards():
    features, log, _ = a_world(n=900)

    def expected(reward):
        return cross_fitted(features, log.chosen, reward, customers=log.customer_id, n_actions=3, seed=3)

    own = log.customer_id == log.customer_id[0]
    changed = np.where(own, log.reward + 1e4, log.reward)
    assert np.array_equal(expected(log.reward)[own], expected(changed)[own])


def test_doubly_robust_with_it_is_narrower_than_ips():
    features, log, _ = a_world()
    q_hat = cross_fitted(features, log.chosen, log.reward, customers=log.customer_id, n_actions=3, seed=3)
    terms = policy_terms(log, constant(log, "card"), q_hat=q_hat)
    assert doubly_robust(terms).value == pytest.approx(4.5, abs=0.3)
    assert doubly_robust(terms).squares < ips(terms).squares / 3


def test_an_empty_log_and_too_few_customers_are_refused():
    with pytest.raises(InvalidInputError, match="needs decisions to learn from"):
        fit_reward_model(np.empty((0, 2)), np.empty(0, dtype=int), np.empty(0), n_actions=3, seed=1)
    with pytest.raises(InvalidInputError, match="decisions of 2 customers; at least 3 are needed"):
        customer_folds(np.array(["a", "b"]), folds=3, generator=np.random.default_rng(0))
