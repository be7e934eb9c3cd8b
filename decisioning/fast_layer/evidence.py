"""Evidence of one action: sums over its exposures, in any order, each fading at its own rate."""

from math import exp
from typing import TypeVar

import numpy as np

from decisioning.fast_layer.exposure import Exposure, Floats, weight_of

T = TypeVar("T", Floats, float)
MOST_HELD = 100.0
"""Information by which a bundle holds an action's level: an SD of 0.1 in log-odds, however much it was trained on."""
MOST_NEW = 64
"""Exposures that wait to be added to the sums together."""


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
            self._total = self.faded(self._total, at_us - self._at_us)
            self._at_us = at_us
        self._total = self._total + self.faded(term, self._at_us - at_us)

    def now(self, now_us: int) -> Floats:
        """The sum as of a moment."""
        return self._total if self._at_us is None else self.faded(self._total, now_us - self._at_us)

    def faded(self, term: T, age_us: int) -> T:
        """What is left of a term, or of a factor, of this age."""
        if not self._rate or not age_us:
            return term
        return term * exp(-self._rate * age_us)


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
        self._new: list[tuple[Exposure, float]] = []

    def add(self, exposure: Exposure) -> None:
        """Learn from an exposure."""
        self._new.append((exposure, 1.0))
        if len(self._new) >= MOST_NEW:
            self._sum_up()

    def start(self, known: float, *, at_us: int) -> None:
        """Begin with a bundle that has this much information on the action's level, as of a moment.

        The bundle is what its own rows came to: they pull nowhere, and hold every direction of a standardised row; the
        level by no more than `MOST_HELD`, as a whole business may turn from one day to the next.
        """
        size = len(self.sums(at_us))
        held = np.eye(size, size + 1) * known
        held[0, 0] = min(known, MOST_HELD)
        self._all.add(held, at_us=at_us)

    def remove(self, exposure: Exposure) -> None:
        """Undo `add`."""
        self._new.append((exposure, -1.0))

    def sums(self, now_us: int) -> Floats:
        """The evidence as of a moment, (d, d + 1)."""
        self._sum_up()
        return self._all.now(now_us) - self._waiting.now(now_us)

    def _sum_up(self) -> None:
        """Add what is new to the sums, together: one product of matrices costs little more than one of rows."""
        _add(self._all, self._new)
        _add(self._waiting, [(exposure, sign) for exposure, sign in self._new if exposure.accepted is None])
        self._new.clear()


def _add(total: FadingSum, exposures: list[tuple[Exposure, float]]) -> None:
    if not exposures:
        return
    at_us = max(exposure.shown_us for exposure, _ in exposures)
    rows = np.array([exposure.row for exposure, _ in exposures])
    counted = [total.faded(sign, at_us - exposure.shown_us) for exposure, sign in exposures]
    weights = [weight_of(exposure.propensity) for exposure, _ in exposures]
    surprises = [float(bool(exposure.accepted)) - exposure.propensity for exposure, _ in exposures]
    right = np.column_stack((np.array(weights)[:, np.newaxis] * rows, surprises))
    total.add(rows.T.dot(np.array(counted)[:, np.newaxis] * right), at_us=at_us)
