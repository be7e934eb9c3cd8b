"""Estimates with their uncertainty: shares, means, and how long it takes when some have not finished."""

from typing import NamedTuple

import numpy as np

from decisioning.condition_array import Flags, Numbers

Z = 1.959963984540054
"""The 97.5 % quantile of the standard normal: intervals cover 95 %."""
FEW = 30
"""Fewer cases than this say too little to be acted upon."""


PRECISION_DAYS = 1e-6
"""A tenth of a second: durations are not told apart more finely."""


class Estimate(NamedTuple):
    """An estimate of n cases. Parameters: `value` between `low` and `high`, 95 %; None where nothing can be said."""

    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def is_few(self) -> bool:
        """Whether there are too few cases to act upon."""
        return self.n < FEW


def share(n_of: int, n: int) -> Estimate:
    """A share with its interval (Wilson, JASA 1927).

    >>> share(1, 2).value, share(0, 0).value
    (0.5, None)
    """
    if n == 0:
        return Estimate(0)
    p, denominator = n_of / n, 1 + Z**2 / n
    middle = (p + Z**2 / (2 * n)) / denominator
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / denominator
    return Estimate(n, p, min(p, max(0.0, float(middle - half))), max(p, min(1.0, float(middle + half))))


def mean(values: Numbers) -> Estimate:
    """The mean of independent cases, NaN left out, with the normal interval; of one case without an interval.

    >>> mean(np.array([1.0, 3.0, np.nan])).value
    2.0
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return Estimate(0)
    value = float(known.mean())
    if len(known) == 1:
        return Estimate(1, value)
    half = Z * float(known.std(ddof=1)) / np.sqrt(len(known))
    return Estimate(len(known), value, float(value - half), float(value + half))


def within(each: Estimate, low: float, high: float) -> Estimate:
    """The estimate with its interval cut to what can be.

    >>> within(Estimate(3, -60.0, -108.0, -12.0), -100.0, 100.0)
    Estimate(n=3, value=-60.0, low=-100.0, high=-12.0)
    """
    if each.low is None or each.high is None:
        return each
    return each._replace(low=max(each.low, low), high=min(each.high, high))


class Survival:
    """How many still stay after how long, of stays some of which go on (Kaplan and Meier, JASA 1958).

    Parameters: `days`, shape (n,), how long each lasted or lasts so far; `ended`, shape (n,). Intervals are pointwise
    on the scale log(-log S) with Greenwood's variance.
    """

    def __init__(self, days: Numbers, ended: Flags) -> None:
        self.n = len(days)
        self.days, which = np.unique(days, return_inverse=True)
        n_ended = np.bincount(which, weights=ended, minlength=len(self.days))
        n_left = np.bincount(which, minlength=len(self.days))
        at_risk = self.n - np.cumsum(n_left) + n_left
        self.share = np.cumprod(1.0 - n_ended / np.maximum(at_risk, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = np.cumsum(np.where(at_risk > n_ended, n_ended / (at_risk * (at_risk - n_ended)), 0.0))
            half = Z * np.sqrt(variance) / np.abs(np.log(self.share))
            low, high = self.share ** np.exp(half), self.share ** np.exp(-half)
        certain = (self.share <= 0.0) | (self.share >= 1.0)
        self._low, self._high = np.where(certain, self.share, low), np.where(certain, self.share, high)

    def quantile(self, share: float) -> Estimate:
        """When this share has left, with the interval of Brookmeyer and Crowley (Biometrics 1982); None: never seen."""
        still = 1.0 - share
        return Estimate(self.n, *(self._first(line, still) for line in (self.share, self._low, self._high)))

    def beyond(self, days: float) -> Estimate:
        """The share that stays longer than this, by more than the precision of a crossing."""
        place = int(np.searchsorted(self.days, days + PRECISION_DAYS, side="right")) - 1
        if self.n == 0:
            return Estimate(0)
        if place < 0:
            return Estimate(self.n, 1.0, 1.0, 1.0)
        return Estimate(self.n, *(float(line[place]) for line in (self.share, self._low, self._high)))

    def _first(self, line: Numbers, still: float) -> float | None:
        reached = np.flatnonzero(line <= still + 1e-12)
        return float(self.days[reached[0]]) if reached.size else None
