"""Rates and their change: how often an action is accepted where it is shown, whatever policy showed it to whom.

Each decision weighs 1 / P(it was chosen), so that a policy that aims better is not mistaken for a world that changed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from training.encoding import Floats
from training.monitoring.drift import POWER

FEWEST_EXPECTED = 5.0
"""Acceptances, and refusals, that are to be expected before anything is said of a rate."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of decisions. Parameters: `error`, its standard error by customer; `n`, independent decisions."""

    value: float
    error: float
    n: float


def rate_of(hits: Floats, weights: Floats, customers: NDArray[np.object_]) -> Rate | None:
    """The weighted share of hits (n,), with the error of a ratio over clusters; None of no rows.

    The error is the jackknife's: whoever makes much of a rate draws it along, so what is left of a customer beside it
    says too little.

    >>> rate_of(np.array([1.0, 0.0]), np.ones(2), np.array(["a", "b"], dtype=object)).value
    0.5
    """
    total = float(weights.sum())
    if not total:
        return None
    value = float(weights @ hits) / total
    names, of_customer = np.unique(customers.astype(str), return_inverse=True)
    whole = total**2 / float(weights @ weights) if len(names) > 1 else 1.0
    least = (value * whole + 0.5) / (whole + 1)
    rest = np.bincount(of_customer, weights=weights * (hits - value))
    variance = max(_jackknife(rest, total - np.bincount(of_customer, weights=weights)), least * (1 - least) / whole)
    return Rate(value, variance**0.5, least * (1 - least) / variance)


def _jackknife(rest: NDArray[Any], others: NDArray[Any]) -> float:
    """The variance of a share by how each of n customers draws it: its rest (n,) by the weight of others (n,)."""
    if len(rest) < 2:
        return 0.0
    moved_by = rest / others
    return float(moved_by @ moved_by) * (1 - 1 / len(rest))


@dataclass(frozen=True, slots=True)
class Change:
    """How a rate changed: p value, and the least difference that is found in `POWER` of the cases that have it."""

    before: Rate
    now: Rate
    p_value: float
    detectable: float
    moved: bool


def change_of(before: Rate, now: Rate, *, worth: float, false_alarms: float) -> Change | None:
    """The change between two rates; None where too little is expected to say anything.

    What is expected is of the rate of both together, as if nothing had changed. So is the least error: each rate's own
    says too little of the one that chance left next to nothing.

    Parameters: `worth`, the relative change that is worth a look; `false_alarms`, P(found by chance).
    """
    same = (before.value * before.n + now.value * now.n) / (before.n + now.n)
    if now.n * min(same, 1 - same) < FEWEST_EXPECTED:
        return None
    by_chance = (same * (1 - same) * (1 / before.n + 1 / now.n)) ** 0.5
    error = max((before.error**2 + now.error**2) ** 0.5, by_chance)
    z = abs(now.value - before.value) / error
    p_value = float(2 * ndtr(-z))
    least = max(float(-ndtri(false_alarms / 2)) * error, worth * before.value)
    moved = abs(now.value - before.value) > least
    return Change(before, now, p_value, least + float(ndtri(POWER)) * error, moved)
