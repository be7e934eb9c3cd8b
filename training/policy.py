"""Target policies as probability matrices (n_decisions, n_actions): rows sum to 1, mass only where eligible.

A constant policy takes its action wherever that is eligible and does nothing elsewhere. Where not even doing nothing is
eligible (a placement that must be filled), it takes any eligible action with equal chance.
"""

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from decisioning.errors import InvalidInputError, NotFoundError
from training.off_policy.estimator import doubly_robust, snips
from training.off_policy.terms import policy_terms
from training.reward_log import Floats, RewardLog

NOTHING = "nothing"
UNIFORM = "uniform"
LOGGING = "logging policy"


def constant_name(action: str) -> str:
    """What the constant policy of an action is called.

    >>> constant_name("credit_card")
    'always credit_card'
    """
    return f"always {action}"


def eligible(log: RewardLog) -> NDArray[np.bool_]:
    """What could be chosen, (n, n_actions)."""
    return log.eligible_probability > 0


def uniform(log: RewardLog) -> Floats:
    """Every eligible action with equal chance."""
    allowed = eligible(log)
    shares: Floats = allowed / allowed.sum(axis=1, keepdims=True)
    return shares


def constant(log: RewardLog, action: str) -> Floats:
    """One action where it is eligible, else no action.

    Raises `NotFoundError` for an action that the log does not know.
    """
    if action not in log.actions:
        raise NotFoundError(f"no such action in the log: {action}; known: {', '.join(log.actions)}")
    policy = np.zeros_like(log.eligible_probability)
    free = np.ones(len(policy), dtype=bool)
    for name in (action, NO_ACTION):
        free = _take(policy, free, log, name)
    policy[free] = uniform(log)[free]
    return policy


def _take(policy: Floats, free: NDArray[np.bool_], log: RewardLog, action: str) -> NDArray[np.bool_]:
    if action not in log.actions:
        return free
    column = list(log.actions).index(action)
    takes = free & eligible(log)[:, column]
    policy[takes, column] = 1.0
    return free & ~takes


def nothing(log: RewardLog) -> Floats:
    """Never any action; where a placement must be filled, any eligible one."""
    return constant(log, NO_ACTION)


def greedy(log: RewardLog, priority: Floats, *, epsilon: float = 0.0) -> Floats:
    """The eligible action of highest priority (n, n_actions), with ε spread evenly over the eligible ones.

    Ties share, so that the order of actions is irrelevant. Raises `InvalidInputError` where an eligible action has no
    finite priority or ε is not a probability.
    """
    if not 0 <= epsilon <= 1:
        raise InvalidInputError(f"epsilon must be between 0 and 1, given {epsilon}")
    allowed = eligible(log)
    unusable = int((~np.isfinite(priority[allowed])).sum())
    if unusable:
        raise InvalidInputError(f"{unusable} eligible actions have no finite priority")
    height = np.where(allowed, priority, -np.inf)
    best = allowed & (height == height.max(axis=1, keepdims=True))
    policy: Floats = (1 - epsilon) * best / best.sum(axis=1, keepdims=True) + epsilon * uniform(log)
    return policy


def standard_policies(log: RewardLog) -> dict[str, Floats]:
    """What every candidate is shown beside: nothing, uniform, the logging policy, and each constant action."""
    constants = {constant_name(action): constant(log, action) for action in log.actions if action != NO_ACTION}
    return {NOTHING: nothing(log), UNIFORM: uniform(log), LOGGING: log.eligible_probability, **constants}


def best_constant(log: RewardLog, *, q_hat: Floats | None = None) -> str | None:
    """The action whose constant policy has the highest capped value; None in a log that knows no action.

    The value is SNIPS, or doubly robust where a reward model `q_hat` (n, n_actions) is given.
    """
    estimator = snips if q_hat is None else doubly_robust
    values: dict[str, float] = {}
    for action in log.actions:
        found = estimator(policy_terms(log, constant(log, action), q_hat=q_hat, capped=True)).value
        if action != NO_ACTION and found is not None:
            values[action] = found
    return max(values, key=lambda action: values[action]) if values else None
