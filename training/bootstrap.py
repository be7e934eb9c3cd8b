"""Intervals that respect customers: the Poisson bootstrap.

Decisions of one customer depend on each other, so whole customers are resampled: in each replicate a customer counts
Poisson(1) times. Every policy sees the same replicates, so differences between policies are paired and their shared
noise cancels. Owen and Eckles: Bootstrapping data arrays of arbitrary order, 2012; Chamandy et al.: Estimating
uncertainty for massive data streams, 2012.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisioning.errors import InvalidInputError
from training.reward_log import Floats

CELLS = 2_000_000
"""How many customer counts are drawn at once; it bounds memory and changes no result's distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the ends of its confidence interval."""

    value: float
    low: float
    high: float


def customer_totals(terms: Floats, customers: NDArray[Any]) -> Floats:
    """Sum the rows of `terms` (n, k) by customer (n,): (n_customers, k)."""
    _, owner = np.unique(customers, return_inverse=True)
    return np.stack([np.bincount(owner, weights=column) for column in terms.T], axis=1)


def replicate_totals(totals: Floats, *, replicates: int, generator: np.random.Generator) -> Floats:
    """Bootstrap the sums over customers: (n_customers, k) to (at most `replicates`, k).

    A replicate in which no customer was drawn says nothing and is left out; with few customers it happens.
    Raises `InvalidInputError` where no interval can be had: fewer than 2 replicates.
    """
    if replicates < 2:
        raise InvalidInputError(f"a bootstrap needs at least 2 replicates, given {replicates}")
    parts = [counts @ totals for counts in _counts(len(totals), replicates, generator) if len(counts)]
    return np.concatenate(parts) if parts else np.empty((0, totals.shape[1]))


def _counts(n_customers: int, replicates: int, generator: np.random.Generator) -> Iterator[Floats]:
    rows = max(1, CELLS // max(n_customers, 1))
    for start in range(0, replicates, rows):
        counts = generator.poisson(1.0, size=(min(rows, replicates - start), n_customers))
        yield counts[counts.any(axis=1)].astype(np.float64)


def estimate(value: float, replicates: Floats, confidence: float) -> Estimate:
    """A value with the percentile interval of its replicates (B,).

    The ends are those of order (B + 1)·p (Davison and Hinkley, 1997, section 5.2): the usual quantiles of few
    replicates lie too far inside.
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail], method="weibull") if len(replicates) else (-np.inf, np.inf)
    return Estimate(float(value), float(low), float(high))


def smallest_detectable(replicates: Floats, confidence: float, *, power: float = 0.8) -> float:
    """The true effect that would be found significant with this power, given the replicates' spread.

    >>> round(smallest_detectable(np.array([-1.0, 1.0]), 0.95), 2)
    3.96
    """
    normal = NormalDist()
    reach = normal.inv_cdf((1 + confidence) / 2) + normal.inv_cdf(power)
    return float(reach * np.std(replicates, ddof=1)) if len(replicates) > 1 else float("inf")


def mean_by_customer(values: Floats, customers: NDArray[Any]) -> tuple[float, float]:
    """The mean of values (n,) and its standard error, where the values of one customer (n,) go together.

    The linearised variance of a ratio of totals (Cochran, 1977, Sampling Techniques, section 6.3): where a bound lies
    far in the tail, a bootstrap of hundreds of replicates does not reach.

    >>> mean_by_customer(np.array([1.0, 1.0, 3.0, 3.0]), np.array(["a", "a", "b", "b"]))
    (2.0, 1.0)
    """
    mean = float(values.mean())
    _, owner = np.unique(customers, return_inverse=True)
    sums = np.bincount(owner, weights=values - mean)
    n = len(sums)
    return mean, float(np.sqrt(np.square(sums).sum() * n / max(n - 1, 1)) / len(values))
