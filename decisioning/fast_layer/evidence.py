"""Evidence of one action: sums over its exposures, in any order, each fading at its own rate."""

from math import exp

import numpy as np

from decisioning.fast_layer.exposure import Exposure, Floats, weight_of


class FadingSum:
    """A sum of terms with times, each multiplied by exp(−rate × its age); the order of adding is irrelevant.

    Parameters: `shape` of a term; `rate` per microsecond, 0 for a sum that does not fade.
    """

    def __init__(self, shape: tuple[int, ...], rate: float) -> None:
        self._total = np.zeros(shape)
        self._rate = rate
        self._at_us: int | None = None

    def add(self, term: Floats, *, at_us: int) -> None:
        """Add a term of that moment."""
        if self._at_us is None:
            self._at_us = at_us
        if at_us > self._at_us:
            self._total = self._faded(self._total, at_us - self._at_us)
            self._at_us = at_us
        self._total = self._total + self._faded(term, self._at_us - at_us)

    def now(self, now_us: int) -> Floats:
        """The sum as of a moment."""
        return self._total if self._at_us is None else self._faded(self._total, now_us - self._at_us)

    def _faded(self, sum_: Floats, age_us: int) -> Floats:
        if not self._rate or not age_us:
            return sum_
        return sum_ * exp(-self._rate * age_us)


class Evidence:
    """What the exposures of one action say: Σ w z zᵀ and Σ (y − p) z, as one array (d, d + 1).

    z is the row, p the bundle's propensity, w = p (1 − p), y whether it was accepted. Old exposures are forgotten at
    one rate. One without an answer counts as declined only by 1 − exp(−age / mean time to an answer), the share of
    answers that would have come by now (Chapelle, "Modeling delayed feedback in display advertising", 2014): what
    waits is a second, faster fading sum that is taken off the first.

    Parameters: `size`, d; `forgetting` and `answering`, rates per microsecond.
    """

    def __init__(self, size: int, *, forgetting: float, answering: float) -> None:
        self._all = FadingSum((size, size + 1), forgetting)
        self._waiting = FadingSum((size, size + 1), forgetting + answering)

    def add(self, exposure: Exposure) -> None:
        """Learn from an exposure."""
        self._add(exposure, 1.0)

    def remove(self, exposure: Exposure) -> None:
        """Undo `add`."""
        self._add(exposure, -1.0)

    def sums(self, now_us: int) -> Floats:
        """The evidence as of a moment, (d, d + 1)."""
        return self._all.now(now_us) - self._waiting.now(now_us)

    def _add(self, exposure: Exposure, sign: float) -> None:
        row, propensity = exposure.row, exposure.propensity
        right = np.empty(row.size + 1)
        right[:-1] = (sign * weight_of(propensity)) * row
        right[-1] = sign * (float(bool(exposure.accepted)) - propensity)
        term = np.multiply.outer(row, right)
        self._all.add(term, at_us=exposure.shown_us)
        if exposure.accepted is None:
            self._waiting.add(term, at_us=exposure.shown_us)
