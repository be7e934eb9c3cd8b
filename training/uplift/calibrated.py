"""Effects drawn toward the average by how much of their spread decisions that they have not seen confirm.

The slope is the least-squares coefficient of the doubly robust gains on the predicted effects, both less their
averages, pooled over the actions, each weighted by how precisely its gains are known: 1 where all of the spread is
real, 0 where none is (then every customer gets the action's average effect).
"""

from dataclasses import dataclass

import numpy as np

from training.reward_log import Floats
from training.uplift.effects import Effects


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How effects are drawn in. Parameters: `slope` in [0, 1]; `offset` (n_actions,), added afterwards."""

    slope: float
    offset: Floats

    def of_values(self, effect: Floats) -> Floats:
        """Effects (n, n_actions), drawn in."""
        return self.slope * effect + self.offset

    def of_effects(self, effects: Effects) -> Effects:
        """The same of effects that are yet to be predicted."""
        return effects.scaled(self.slope, self.offset)


def calibrate(effect: Floats, gains: Floats, constant: int) -> Calibrated:
    """Learn slope and centers from effects and doubly robust gains over the constant action, both (n, n_actions)."""
    others = np.arange(effect.shape[1]) != constant
    center, predicted = gains.mean(axis=0), effect.mean(axis=0)
    spread, rest = (effect - predicted)[:, others], (gains - center)[:, others]
    precision = 1 / np.maximum(rest.var(axis=0), 1e-12)
    seen = float((spread**2).sum(axis=0) @ precision)
    slope = float(np.clip((spread * rest).sum(axis=0) @ precision / seen, 0.0, 1.0)) if seen > 0 else 0.0
    return Calibrated(slope, np.where(others, center - slope * predicted, 0.0))
