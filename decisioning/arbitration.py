"""Arbitration: the number that orders eligible actions."""

from math import isnan
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from decisioning.ports import Scores

Built = Literal["incremental_value", "propensity_value", "value"]
"""How priorities are made, as it stands here."""
Mode = Literal[Built, "custom"]
Tie = Literal["value", "propensity", "uplift", "cost"]
"""What may decide between equal priorities: more of it is preferred, of a cost less."""
Floats = NDArray[np.float64]
ZERO, ONE = np.array(0.0), np.array(1.0)
"""Arrays: on a handful of numbers, half the time goes into making one of a Python number."""


class Factors(NamedTuple):
    """What a priority is made of. A tuple, as one is made for every candidate of every decision.

    Parameters: `propensity` in [0, 1]; `uplift` in [−1, 1], NaN where there is no randomised evidence; `value` and
    `cost` in the catalogue's currency; `context_weight` and `lever`, factors above 0.
    """

    propensity: float
    uplift: float
    value: float
    cost: float
    context_weight: float = 1.0
    lever: float = 1.0


class Stakes(NamedTuple):
    """What the priorities of several options are made of besides their scores: arrays, or one number for all.

    Parameters: `value` and `cost` in the catalogue's currency; `weight`, context weight × lever.
    """

    value: Floats | float
    cost: Floats | float
    weight: Floats | float


def gains(scores: Scores, stakes: Stakes, mode: Mode) -> Floats:
    """What contacts are worth before weights and costs (n,).

    `incremental_value`: uplift × value, with the propensity in the uplift's place where there is no randomised
    evidence. `propensity_value`: propensity × value. `value`: the value.
    """
    if mode == "value":
        return np.broadcast_to(np.asarray(stakes.value), scores.propensity.shape)
    if mode == "propensity_value" or not scores.randomised:
        return scores.propensity * stakes.value
    return np.where(np.isnan(scores.uplift), scores.propensity, scores.uplift) * stakes.value


def priorities(gain: Floats, stakes: Stakes, mode: Mode) -> Floats:
    """The priorities (n,) of what is worth this.

    `incremental_value`: gain × weight − cost; weights favour a gain, they never deepen a loss. `propensity_value`:
    and `value`: gain × weight, without cost.

    >>> scores, stakes = Scores(np.array([0.2]), np.array([0.1])), Stakes(value=50.0, cost=1.0, weight=1.0)
    >>> priorities(gains(scores, stakes, "incremental_value"), stakes, "incremental_value").tolist()
    [4.0]
    >>> priorities(gains(scores, stakes, "propensity_value"), stakes, "propensity_value").tolist()
    [10.0]
    """
    if mode in ("propensity_value", "value"):
        return gain * stakes.weight
    return less(weighted(gain, stakes.weight), stakes.cost)


def weighted(gain: Floats, weight: Floats | float) -> Floats:
    """Gains times their weights; a loss stays as it is."""
    return gain if isinstance(weight, float) and weight == 1.0 else np.where(gain > 0.0, gain * weight, gain)


def less(gain: Floats, cost: Floats | float) -> Floats:
    """Gains less what they cost."""
    return gain if isinstance(cost, float) and cost == 0.0 else gain - cost


def all_sound(scores: Scores) -> bool:
    """Whether every score may be used; quick to say yes."""
    chances = scores.propensity.tolist()
    are_chances = not chances or (min(chances) >= 0.0 and max(chances) <= 1.0 and not isnan(sum(chances)))
    return are_chances and not (scores.randomised and True in (np.abs(scores.uplift) > ONE).tolist())


def are_sound(scores: Scores) -> NDArray[np.bool_]:
    """Whether each score may be used (n,): the propensity a probability, the uplift a difference of two, or NaN."""
    chance = (scores.propensity >= 0.0) & (scores.propensity <= 1.0)
    return chance & ~(np.abs(scores.uplift) > 1.0)
