"""Sums and their Poisson bootstrap by customer, mergeable: parts of a log may be summed anywhere, in any order.

In each replicate a customer counts Poisson(1) times. The count is a function of the customer, the replicate and a seed
(a hash, not a generator's next number), so that every part of a log, and every policy, sees the same count of the same
customer: sums of replicates add up as plain sums do, and differences are paired.

Chamandy, Muralidharan, Najmi and Naidu: Estimating uncertainty for massive data streams, 2012.
"""

from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from decisioning.errors import InvalidInputError
from training.bootstrap import CELLS, Estimate, customer_totals, estimate
from training.reward_log import Floats

MOST_COUNTED = 12
"""A customer counts at most so often: more has a chance of 10⁻¹⁰."""


@dataclass(frozen=True, slots=True)
class Replicates:
    """Sums of k columns.

    Parameters: `point` (k,), over the log; `drawn` (B, k), in each replicate; `seed`.
    """

    point: Floats
    drawn: Floats
    seed: int

    @classmethod
    def of(cls, columns: Floats, customers: NDArray[Any], *, replicates: int = 400, seed: int = 0) -> "Replicates":
        """Sum columns (n, k) of decisions of `customers` (n,).

        Raises `InvalidInputError` of fewer than 2 replicates: no interval can be had.
        """
        if replicates < 2:
            raise InvalidInputError(f"a bootstrap needs at least 2 replicates, given {replicates}")
        names = np.unique(customers)
        totals = customer_totals(columns, customers)
        keys = pd.util.hash_array(names.astype(str).astype(object), categorize=False)
        drawn = np.zeros((replicates, columns.shape[1]))
        step = max(1, CELLS // replicates)
        for start in range(0, len(names), step):
            part = slice(start, start + step)
            drawn += poisson_counts(keys[part], replicates=replicates, seed=seed).T @ totals[part]
        return cls(totals.sum(axis=0), drawn, seed)

    def merge(self, other: "Replicates") -> "Replicates":
        """The sums over both parts; raises `InvalidInputError` where they were not drawn alike."""
        if (self.seed, self.drawn.shape) != (other.seed, other.drawn.shape):
            mine, theirs = (f"seed {each.seed}, {each.drawn.shape}" for each in (self, other))
            raise InvalidInputError(f"parts of a bootstrap need one seed and shape, given {mine} and {theirs}")
        return Replicates(self.point + other.point, self.drawn + other.drawn, self.seed)

    def ratio(self, above: int, below: int, confidence: float = 0.95) -> Estimate | None:
        """One sum over another with its percentile interval; None where the other is 0."""
        if not self.point[below]:
            return None
        drawn = self.drawn[self.drawn[:, below] != 0]
        return estimate(self.point[above] / self.point[below], drawn[:, above] / drawn[:, below], confidence)


def poisson_counts(keys: NDArray[np.uint64], *, replicates: int, seed: int) -> Floats:
    """How often each customer (n,) counts in each replicate: (n, replicates), Poisson(1)."""
    steps = np.arange(1, replicates + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    start = _mixed(np.array([seed], dtype=np.int64).astype(np.uint64))
    uniform = (_mixed(_mixed(keys ^ start)[:, None] + steps) >> np.uint64(11)) * 2.0**-53
    return np.searchsorted(_POISSON, uniform, side="right").astype(np.float64)


def _mixed(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of SplitMix64: every bit of the result depends on every bit of the word."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def _cumulated() -> Floats:
    chances = [exp(-1.0)]
    for count in range(1, MOST_COUNTED):
        chances.append(chances[-1] / count)
    return np.cumsum(chances)


_POISSON = _cumulated()
