"""Arbitration: the number that orders eligible actions."""

from dataclasses import dataclass
from math import isfinite, isnan
from typing import Literal

Mode = Literal["incremental_value", "propensity_value"]


@dataclass(frozen=True, slots=True)
class Factors:
    """What a priority is made of.

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
    weight = factors.context_weight * factors.lever
    if mode == "propensity_value":
        return factors.propensity * factors.value * weight
    chance = factors.propensity if isnan(factors.uplift) else factors.uplift
    gain = chance * factors.value
    return (gain * weight if gain > 0 else gain) - factors.cost


def is_sound(factors: Factors) -> bool:
    """Whether a score may be used: finite, the propensity a probability, the uplift a difference of two.

    >>> is_sound(Factors(propensity=float("nan"), uplift=0.0, value=1.0, cost=0.0))
    False
    """
    numbers = (factors.propensity, factors.value, factors.cost, factors.context_weight, factors.lever)
    uplift = 0.0 if isnan(factors.uplift) else factors.uplift
    return all(map(isfinite, numbers)) and 0.0 <= factors.propensity <= 1.0 and -1.0 <= uplift <= 1.0
