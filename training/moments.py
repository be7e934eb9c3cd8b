"""Count, mean and spread of numbers that arrive in parts: what mergeable estimators are made of."""

from dataclasses import dataclass
from math import inf, log, sqrt

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Interval:
    """The ends of a confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean, sum of squared deviations, smallest and largest of some numbers.

    `merge` gives what one pass over both parts would have given (Chan, Golub, LeVeque: Updating formulae and a pairwise
    algorithm for computing sample variances, 1979).

    >>> both = Moments.of(np.array([1.0, 2.0])).merge(Moments.of(np.array([6.0])))
    >>> both.value, both.count
    (3.0, 3)
    >>> Moments().value is None
    True
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    smallest: float = inf
    largest: float = -inf

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> "Moments":
        """The moments of an array (n,); of nothing, the empty moments."""
        if not len(values):
            return cls()
        mean = float(values.mean())
        squares = float(((values - mean) ** 2).sum())
        return cls(len(values), mean, squares, float(values.min()), float(values.max()))

    @property
    def value(self) -> float | None:
        """The mean; None of nothing."""
        return self.mean if self.count else None

    def merge(self, other: "Moments") -> "Moments":
        """The moments of both parts together."""
        count = self.count + other.count
        if not count:
            return self
        delta, share = other.mean - self.mean, other.count / count
        squares = self.squares + other.squares + delta * delta * share * self.count
        ends = min(self.smallest, other.smallest), max(self.largest, other.largest)
        return Moments(count, self.mean + delta * share, squares, *ends)

    def interval(self, confidence: float = 0.95, *, spread: float | None = None) -> Interval | None:
        """An empirical-Bernstein interval of the mean; None of fewer than two numbers.

        It holds in finite samples of independent numbers, without any normality, where `spread` is the width of the
        range they can lie in; by default the observed width stands in for it. Maurer and Pontil: Empirical Bernstein
        bounds and sample variance penalization, 2009, theorem 4, half of the risk on either side.
        """
        if self.count < 2:
            return None
        risk = log(4 / (1 - confidence))
        width = self.largest - self.smallest if spread is None else spread
        variance = self.squares / (self.count - 1)
        reach = sqrt(2 * variance * risk / self.count) + 7 * width * risk / (3 * (self.count - 1))
        return Interval(self.mean - reach, self.mean + reach)
