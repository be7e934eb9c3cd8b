"""The truth of a generated business beside the estimates: kept apart from the ledger, read only to judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisioning.decision import Decision
from pipelines.world import TrueEffect

Floats = NDArray[np.float64]


@dataclass
class TruthBook:
    """The true effects at every decision of a simulation, by decision id.

    A policy's true value counts everything that is earned in a decision's window: what every action's outcome earns
    unshown, and the gain of what the policy shows.
    """

    gains: dict[str, dict[str, float]] = field(default_factory=dict)
    unshown: dict[str, float] = field(default_factory=dict)

    def keep(self, decision: Decision, truth: Mapping[str, TrueEffect]) -> None:
        """Keep the truth of one decision's moment."""
        self.gains[decision.decision_id] = {action: effect.gain for action, effect in truth.items()}
        self.unshown[decision.decision_id] = sum(effect.not_shown for effect in truth.values())

    def gain(self, decision_ids: NDArray[Any], actions: Sequence[str]) -> Floats:
        """The true gain of each action over doing nothing, (n, n_actions); 0 where the moment has no such action."""
        rows = (self.gains[str(decision_id)] for decision_id in decision_ids)
        return np.array([[row.get(action, 0.0) for action in actions] for row in rows])

    def value(self, policy: Floats, decision_ids: NDArray[Any], actions: Sequence[str]) -> float:
        """The true money per decision of a policy (n, n_actions) at these decisions."""
        gained = (policy * self.gain(decision_ids, actions)).sum(axis=1)
        return float(gained.mean() + np.mean([self.unshown[str(each)] for each in decision_ids]))


def oracle(gain: Floats, eligible: NDArray[np.bool_]) -> Floats:
    """The policy that knows the truth: the eligible action of highest gain, (n, n_actions), one per row."""
    best = np.where(eligible, gain, -np.inf).argmax(axis=1)
    policy = np.zeros_like(gain)
    policy[np.arange(len(gain)), best] = 1.0
    return policy


def gap_closed(*, policy: float, constant: float, best: float) -> float | None:
    """The share of the gap between the best constant action and the oracle that a policy closes; None without a gap.

    >>> gap_closed(policy=3.0, constant=2.0, best=4.0)
    0.5
    """
    return (policy - constant) / (best - constant) if best > constant else None
