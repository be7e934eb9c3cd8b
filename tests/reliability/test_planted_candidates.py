"""Row 41: of 20 planted worse candidates at least 19 are refused, of 20 better ones at least 18 accepted.

Each log is of 8,000 decisions of 4,000 customers over six actions. A better candidate gives the customers who gain from
the card the card, and the others what is best for them, at most times; a worse one does the opposite as often.
"""

import numpy as np
import pytest

from training.evaluation import References, evaluate
from training.policy import best_constant, constant_name, standard_policies
from training.promotion import Verdict, judge
from training.reward_log import LoggedRewards
from training.reward_model import cross_fitted

ACTIONS = ("no_action", "card", "loan", "savings", "call", "survey")
N, N_LOGS = 8_000, 20
CARE = 0.6
"""How much of the gap between the champion and the oracle, or its opposite, a candidate goes."""


def a_log(seed: int) -> tuple[LoggedRewards, np.ndarray, np.ndarray]:
    """A log, its features, and the true mean reward of every action (n, 6)."""
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(N, 4))
    mean = 2 + np.tile([0.0, 1.0, 0.8, 0.5, 0.2, 0.1], (N, 1))
    mean[:, 1] += features[:, 0]
    mean[:, 2] += np.where(features[:, 1] > 0, 1.0, -1.0)
    probability = generator.dirichlet(np.full(6, 4.0), size=N) * 0.7 + 0.05
    chosen = (probability.cumsum(axis=1) < generator.random((N, 1))).sum(axis=1).clip(max=5)
    reward = mean[np.arange(N), chosen] * generator.exponential(1.0, size=N)
    customers = generator.integers(0, N // 2, size=N)
    return LoggedRewards(ACTIONS, customers, chosen, probability, reward, reward.clip(max=20)), features, mean


def judged(seed: int, *, better: bool) -> Verdict:
    """The gate's verdict on a candidate beside a champion that always offers the card."""
    log, features, mean = a_log(seed)
    wanted = mean.argmax(axis=1) if better else mean.argmin(axis=1)
    champion = np.eye(6)[np.ones(N, dtype=int)]
    candidate = CARE * np.eye(6)[wanted] + (1 - CARE) * champion
    q_hat = cross_fitted(
        features, log.chosen, log.capped_reward, customers=log.customer_id, n_actions=6, seed=seed, folds=2
    )
    policies = standard_policies(log) | {"candidate": candidate, "champion": champion}
    references = References(
        tuple(constant_name(action) for action in ACTIONS[1:]), constant_name(best_constant(log) or ""), "champion"
    )
    return judge(evaluate(log, policies, generator=np.random.default_rng(seed), q_hat=q_hat, references=references))


@pytest.mark.reliability
@pytest.mark.parametrize(("better", "fewest"), [(False, 19), (True, 18)], ids=["worse are refused", "better are taken"])
def test_planted_candidates(better, fewest):
    right = sum(judged(seed, better=better).promoted is better for seed in range(N_LOGS))
    assert right >= fewest


def test_a_worse_candidate_leaves_the_champion_and_says_so():
    verdict = judged(0, better=False)
    assert (verdict.serve, verdict.promoted) == ("champion", False)
    assert verdict.outcome == "refused: the champion stays"
