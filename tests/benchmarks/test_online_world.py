"""The simulator of learning online is the one described, and what it measures is the decision code."""

import numpy as np
import pytest

from benchmarks.online import JUDGED, play
from benchmarks.online_learners import ACTIONS, LinearThompson, OurDecisions
from benchmarks.online_world import N_ACTIONS, N_FEATURES, OnlineWorld, contexts


@pytest.mark.parametrize("seed", JUDGED)
def test_uniform_earns_three_percent_and_the_oracle_eight_to_eleven(seed):
    context = contexts(np.random.default_rng([seed, 9]), 20_000)
    acceptance = OnlineWorld.create(seed).acceptance(context)
    assert acceptance.shape == (20_000, N_ACTIONS)
    assert acceptance.mean() == pytest.approx(0.03, abs=0.001)
    assert 0.077 <= acceptance.max(axis=1).mean() <= 0.115


def test_customers_have_twelve_normal_and_eight_binary_features():
    context = contexts(np.random.default_rng(1), 20_000)
    assert context.shape == (20_000, N_FEATURES)
    assert context[:, :12].std(axis=0) == pytest.approx(np.ones(12), abs=0.03)
    assert context[:, 12:].mean(axis=0) == pytest.approx(np.full(8, 0.3), abs=0.02)
    assert set(np.unique(context[:, 12:])) == {0.0, 1.0}


def test_the_benchmark_draws_what_a_whole_decision_chooses():
    ours, context = OurDecisions(3), contexts(np.random.default_rng(3), 150)
    for place, each in enumerate(context):
        chosen = ours.choose(each)
        assert ours.consider(each).chosen == ACTIONS[chosen]
        ours.learn(each, chosen, accepted=place % 7 == 0)


def test_learning_from_every_answer_loses_less_than_linear_thompson_sampling_early_on():
    ours, plain = (play(learner, 101, n=4_000) for learner in (OurDecisions(101), LinearThompson(101)))
    assert ours.regret < plain.regret < 1.0
