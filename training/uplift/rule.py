"""Where to deviate from the best constant action: only where the gain is sure, and ties go to the constant."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.bootstrap import Estimate, customer_totals
from training.encoding import Matrix
from training.reward_log import Floats
from training.uplift.effects import Effects

USUAL = 1.96
"""Standard errors from the mean to either end of a 95 % interval."""
SURE = 2.6
"""Standard errors that a gain must be above zero to be acted on: of some twenty candidates the best is looked at, and
that one passes 1.96 by chance too often."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The learned policy: the action of the largest effect where that is above the margin, else the constant one.

    Parameters: `effects` (None: the constant action everywhere); `margin` ≥ 0, money per decision.
    """

    constant: int
    effects: Effects | None = None
    margin: float = 0.0

    def choose(self, matrix: Matrix) -> NDArray[np.int64]:
        """The column of the action for every row (n, n_columns)."""
        if self.effects is None:
            return np.full(len(matrix), self.constant)
        return deviate(self.effects.predict(matrix), self.constant, self.margin)


def deviate(effect: Floats, constant: int, margin: float) -> NDArray[np.int64]:
    """The action of the largest effect (n, n_actions) where it is above the margin, else the constant one."""
    best = best_other(effect, constant)
    height = effect[np.arange(len(effect)), best]
    return np.where(height > max(margin, 0.0), best, constant)


def best_other(effect: Floats, constant: int) -> NDArray[np.int64]:
    """The action of the largest effect but the constant one, (n,)."""
    others = effect.copy()
    others[:, constant] = -np.inf
    best: NDArray[np.int64] = others.argmax(axis=1)
    return best


@dataclass(frozen=True, slots=True)
class Gain:
    """A mean gain per decision with its standard error, customers being independent."""

    mean: float
    standard_error: float

    @property
    def interval(self) -> Estimate:
        """The mean with its 95 % interval."""
        reach = USUAL * self.standard_error
        return Estimate(self.mean, self.mean - reach, self.mean + reach)

    @property
    def surely(self) -> float:
        """What the gain is at least, though it is the best of many that were looked at."""
        return self.mean - SURE * self.standard_error


def gain_of(gains: Floats, customer: NDArray[np.int64]) -> Gain:
    """The mean of gains (n,) per decision, its error from the sums of each customer (n,)."""
    mean = float(gains.mean())
    rests = customer_totals((gains - mean)[:, None], customer)[:, 0]
    return Gain(mean, float(np.sqrt(rests @ rests)) / len(gains))
