"""Writes what the Open Bandit Pipeline 0.5.7 says of a generated log: the oracle of our off-policy estimators.

Needs an environment of its own, in Python 3.9:

    python3.9 -m venv obp && obp/bin/pip install -r tests/oracles/requirements-obp.txt
    obp/bin/python tests/oracles/obp_values.py > tests/golden/obp_0.5.7.json
"""

import json
import sys
from itertools import permutations

import numpy as np
from obp.ope import (
    DirectMethod,
    DoublyRobust,
    DoublyRobustWithShrinkage,
    InverseProbabilityWeighting,
    SelfNormalizedInverseProbabilityWeighting,
    SlateIndependentIPS,
    SlateRewardInteractionIPS,
    SlateStandardIPS,
    SwitchDoublyRobust,
)

N, ACTIONS = 200, 4
RANKINGS, ITEMS, PLACES = 60, 4, 3


def main():
    generator = np.random.default_rng(57)
    log = a_log(generator)
    ranking = rankings(generator)
    print(json.dumps({"log": log, "values": values(log), "ranking": ranking, "ranking_values": of_rankings(ranking)}))


def a_log(generator):
    probability = generator.dirichlet(np.full(ACTIONS, 0.7), size=N) * 0.95 + 0.05 / ACTIONS
    chosen = (probability.cumsum(axis=1) < generator.random((N, 1))).sum(axis=1).clip(max=ACTIONS - 1)
    target = generator.dirichlet(np.full(ACTIONS, 0.5), size=N)
    q_hat = generator.normal(2, 1, size=(N, ACTIONS))
    reward = q_hat[np.arange(N), chosen] + generator.normal(size=N)
    columns = {"probability": probability, "chosen": chosen, "target": target, "q_hat": q_hat, "reward": reward}
    return {name: column.tolist() for name, column in columns.items()}


def values(log):
    chosen, reward = np.array(log["chosen"]), np.array(log["reward"])
    given = {
        "reward": reward,
        "action": chosen,
        "pscore": np.array(log["probability"])[np.arange(N), chosen],
        "action_dist": np.array(log["target"])[:, :, None],
        "estimated_rewards_by_reg_model": np.array(log["q_hat"])[:, :, None],
    }
    estimators = {
        "ips": InverseProbabilityWeighting(),
        "clipped_ips": InverseProbabilityWeighting(lambda_=10.0),
        "snips": SelfNormalizedInverseProbabilityWeighting(),
        "direct": DirectMethod(),
        "doubly_robust": DoublyRobust(),
        "switch_doubly_robust": SwitchDoublyRobust(lambda_=10.0),
        "shrunk_doubly_robust": DoublyRobustWithShrinkage(lambda_=100.0),
    }
    return {name: float(estimator.estimate_policy_value(**given)) for name, estimator in estimators.items()}


def rankings(generator):
    """Rankings drawn place by place without replacement (Plackett-Luce), with every probability of both policies."""
    rows = [a_ranking(generator) for _ in range(RANKINGS)]
    return {name: [row[name] for row in rows] for name in rows[0]}


def a_ranking(generator):
    logging, target = generator.dirichlet(np.full(ITEMS, 2.0)), generator.dirichlet(np.full(ITEMS, 2.0))
    items, left = [], logging.copy()
    for _ in range(PLACES):
        items.append(int(generator.choice(ITEMS, p=left / left.sum())))
        left[items[-1]] = 0.0
    marginal = {name: marginals(weights) for name, weights in (("logged", logging), ("target", target))}
    return {
        "reward": generator.normal(1, 1, size=PLACES).tolist(),
        "logged": downwards(logging, items),
        "target": downwards(target, items),
        "logged_marginal": [marginal["logged"][place][item] for place, item in enumerate(items)],
        "target_marginal": [marginal["target"][place][item] for place, item in enumerate(items)],
    }


def downwards(weights, items):
    """P(the item of each place | the places above)."""
    left, found = weights.copy(), []
    for item in items:
        found.append(float(left[item] / left.sum()))
        left[item] = 0.0
    return found


def marginals(weights):
    found = np.zeros((PLACES, ITEMS))
    for order in permutations(range(ITEMS), PLACES):
        found[np.arange(PLACES), order] += np.prod(downwards(weights, order))
    return found.tolist()


def of_rankings(ranking):
    columns = {name: np.array(column) for name, column in ranking.items()}
    whole = {name: np.repeat(columns[name].prod(axis=1), PLACES) for name in ("logged", "target")}
    down = {name: columns[name].cumprod(axis=1).ravel() for name in ("logged", "target")}
    given = {
        "slate_id": np.repeat(np.arange(RANKINGS), PLACES),
        "position": np.tile(np.arange(PLACES), RANKINGS),
        "reward": columns["reward"].ravel(),
    }
    item = {
        "pscore_item_position": columns["logged_marginal"].ravel(),
        "evaluation_policy_pscore_item_position": columns["target_marginal"].ravel(),
    }
    cascade = {"pscore_cascade": down["logged"], "evaluation_policy_pscore_cascade": down["target"]}
    standard = {"pscore": whole["logged"], "evaluation_policy_pscore": whole["target"]}
    return {
        "standard_ips": float(SlateStandardIPS(len_list=PLACES).estimate_policy_value(**given, **standard)),
        "cascade_ips": float(SlateRewardInteractionIPS(len_list=PLACES).estimate_policy_value(**given, **cascade)),
        "independent_ips": float(SlateIndependentIPS(len_list=PLACES).estimate_policy_value(**given, **item)),
    }


if __name__ == "__main__":
    sys.exit(main())
