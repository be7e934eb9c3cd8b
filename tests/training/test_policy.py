"""Target policies as probability matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisioning.errors import InvalidInputError, NotFoundError
from training.policy import best_constant, constant, eligible, greedy, nothing, standard_policies, uniform
from training.reward_log import LoggedRewards

ACTIONS = ("no_action", "card", "loan")


def a_log(probability, chosen=None, reward=None) -> LoggedRewards:
    matrix = np.asarray(probability, dtype=float)
    n = len(matrix)
    money = np.zeros(n) if reward is None else np.asarray(reward, dtype=float)
    first = matrix.argmax(axis=1) if chosen is None else np.asarray(chosen)
    return LoggedRewards(ACTIONS, np.arange(n), first, matrix, money, money)


def test_uniform_shares_among_the_eligible_only():
    log = a_log([[0.2, 0.8, 0.0], [0.1, 0.2, 0.7]])
    assert uniform(log) == pytest.approx(np.array([[0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]]))


def test_a_constant_falls_back_to_no_action_where_it_is_not_eligible():
    log = a_log([[0.2, 0.8, 0.0], [0.1, 0.2, 0.7]])
    assert constant(log, "loan").tolist() == [[1, 0, 0], [0, 0, 1]]


def test_a_constant_takes_any_eligible_action_where_the_placement_must_be_filled():
    log = a_log([[0.0, 1.0, 0.0]])
    assert constant(log, "loan").tolist() == [[0, 1, 0]]
    assert nothing(log).tolist() == [[0, 1, 0]]


def test_an_unknown_constant_is_named_with_what_is_known():
    with pytest.raises(NotFoundError, match="no such action in the log: boat; known: no_action, card, loan"):
        constant(a_log([[0.2, 0.8, 0.0]]), "boat")


def test_greedy_takes_the_best_eligible_action_above_a_floor():
    log = a_log([[0.2, 0.8, 0.0], [0.1, 0.2, 0.7]])
    policy = greedy(log, np.array([[0.0, 1.0, 9.0], [0.0, 1.0, 9.0]]), epsilon=0.3)
    assert policy == pytest.approx(np.array([[0.15, 0.85, 0.0], [0.1, 0.1, 0.8]]))


def test_ties_share_so_that_order_is_irrelevant():
    assert greedy(a_log([[0.2, 0.4, 0.4]]), np.array([[0.0, 1.0, 1.0]])).tolist() == [[0, 0.5, 0.5]]


def test_greedy_refuses_what_it_cannot_rank():
    log = a_log([[0.2, 0.8, 0.0]])
    for unusable in (np.nan, np.inf):
        with pytest.raises(InvalidInputError, match="1 eligible actions have no finite priority"):
            greedy(log, np.array([[0.0, unusable, unusable]]))
    with pytest.raises(InvalidInputError, match=r"between 0 and 1, given 1\.5"):
        greedy(log, np.zeros((1, 3)), epsilon=1.5)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_every_policy_is_a_distribution_over_the_eligible_actions(seed, epsilon):
    generator = np.random.default_rng(seed)
    weight = generator.random((20, 3)) * (generator.random((20, 3)) < 0.7) + np.array([1e-3, 0, 0])
    log = a_log(weight / weight.sum(axis=1, keepdims=True))
    ranked = greedy(log, generator.normal(size=(20, 3)), epsilon=epsilon)
    for policy in (ranked, *standard_policies(log).values()):
        assert policy.sum(axis=1) == pytest.approx(np.ones(20))
        assert (policy[~eligible(log)] == 0).all()
    assert (ranked[eligible(log)] >= epsilon / eligible(log).sum(axis=1).max() - 1e-12).all()


def test_the_standard_policies_name_every_constant_once():
    names = list(standard_policies(a_log([[0.2, 0.8, 0.0]])))
    assert names == ["nothing", "uniform", "logging policy", "always card", "always loan"]


def test_the_best_constant_is_the_action_that_earned_most():
    log = a_log(np.full((6, 3), 1 / 3), chosen=[0, 1, 2, 0, 1, 2], reward=[0, 5, 3, 0, 7, 2])
    assert best_constant(log) == "card"
    assert best_constant(log, q_hat=np.zeros((6, 3))) == "card"
