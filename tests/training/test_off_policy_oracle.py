"""Every estimator equals the Open Bandit Pipeline's on the same log; `tests/oracles/obp_values.py` wrote the oracle."""

import json
from pathlib import Path

import numpy as np
import pytest

from training.off_policy.estimator import ESTIMATORS
from training.off_policy.ranking import RANKING_ESTIMATORS, RankingTerms
from training.off_policy.terms import PolicyTerms, policy_terms
from training.reward_log import LoggedRewards

OBP = json.loads((Path(__file__).parents[1] / "golden" / "obp_0.5.7.json").read_text())
EXACT = {"rel": 1e-9, "abs": 1e-9}


def terms() -> PolicyTerms:
    columns = {name: np.array(column) for name, column in OBP["log"].items()}
    n, k = columns["probability"].shape
    reward = columns["reward"]
    log = LoggedRewards("abcd"[:k], np.arange(n), columns["chosen"], columns["probability"], reward, reward)
    return policy_terms(log, columns["target"], q_hat=columns["q_hat"])


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_equals_the_published_one(name):
    assert ESTIMATORS[name](terms()).value == pytest.approx(OBP["values"][name], **EXACT)


def test_the_log_has_weights_that_are_clipped_and_such_as_are_not():
    weight = terms().weight
    assert 0 < (weight > 10).sum() < len(weight) / 4


@pytest.mark.parametrize("name", RANKING_ESTIMATORS)
def test_an_estimator_of_rankings_equals_the_published_one(name):
    ranking = RankingTerms(**{name: np.array(column) for name, column in OBP["ranking"].items()})
    assert RANKING_ESTIMATORS[name](ranking).value == pytest.approx(OBP["ranking_values"][name], **EXACT)
