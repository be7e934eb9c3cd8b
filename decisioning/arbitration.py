"""Arbitration: the number that orders eligible actions."""

from math import isfinite, isnan
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Mode = Literal["incremental_value", "propensity_value"]


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


def priority(factors: Factors, mode: Mode) -> float:
    """The priority of an action.

    `incremental_value`: uplift × value × weights − cost, with the propensity in the uplift's place where there is no
    randomised evidence. Weights favour a gain; they never deepen a loss. `propensity_value`: propensity × value ×
    context weight × lever, without cost.

    >>> priority(Factors(propensity=0.2, uplift=0.1, value=50.0, cost=1.0), "incremental_value")
    4.0
    >>> priority(Factors(propensity=0.2, uplift=0.1, value=50.0, cost=1.0), "propensity_value")
    10.0
    """
    propensity, uplift, value, cost, context_weight, lever = factors
    weight = context_weight * lever
    if mode == "propensity_value":
        return propensity * value * weight
    gain = (propensity if isnan(uplift) else uplift) * value
    return (gain * weight if gain > 0 else gain) - cost


def priorities(
    propensity: NDArray[np.float64], uplift: NDArray[np.float64], *, factors: Factors, mode: Mode
) -> NDArray[np.float64]:
    """The priority of one action for n customers: as `priority`, of `propensity` and `uplift` (n,).

    Parameters: `factors`, whose own propensity and uplift are not looked at.
    """
    weight = factors.context_weight * factors.lever
    if mode == "propensity_value":
        return np.asarray(propensity * factors.value * weight)
    gain = np.where(np.isnan(uplift), propensity, uplift) * factors.value
    return np.asarray(np.where(gain > 0, gain * weight, gain) - factors.cost)


def is_sound(factors: Factors) -> bool:
    """Whether a score may be used: finite, the propensity a probability, the uplift a difference of two.

    >>> is_sound(Factors(propensity=float("nan"), uplift=0.0, value=1.0, cost=0.0))
    False
    """
    propensity, uplift, value, cost, context_weight, lever = factors
    scored = 0.0 <= propensity <= 1.0 and (-1.0 <= uplift <= 1.0 or isnan(uplift))
    return scored and isfinite(value) and isfinite(cost) and isfinite(context_weight) and isfinite(lever)
