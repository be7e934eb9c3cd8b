"""Calibration over time: what was foreseen of the decisions that were shown, and what came, block by block."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from training.encoding import Floats
from training.monitoring.rate import FEWEST_EXPECTED

BLOCKS = 4
"""Equal spans of time that a window is cut into."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """n decisions that were shown and whose windows are over: arrays (n,) of what was foreseen and whether it came."""

    predicted: Floats
    came: Floats
    customers: NDArray[np.object_]
    decided_us: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """One span: the mean foreseen, the rate that came, and the standard error of their difference, by customer."""

    since_us: int
    n: int
    predicted: float
    came: float
    error: float

    def off(self, *, worth: float, false_alarms: float) -> bool:
        """Whether the two differ by more than `worth` of what was foreseen, and by more than chance."""
        if self.n * self.predicted < FEWEST_EXPECTED:
            return False
        least = max(worth * self.predicted, float(-ndtri(false_alarms / 2)) * self.error)
        return abs(self.came - self.predicted) > least


def calibration_over_time(foreseen: Foreseen) -> list[Block]:
    """The blocks of a window that have any decision, in order."""
    if not len(foreseen.predicted):
        return []
    cuts = np.linspace(foreseen.decided_us.min(), foreseen.decided_us.max() + 1, BLOCKS + 1)
    place = np.searchsorted(cuts, foreseen.decided_us, side="right") - 1
    return [_block(foreseen, np.flatnonzero(place == each)) for each in range(BLOCKS) if (place == each).any()]


def _block(foreseen: Foreseen, rows: NDArray[np.int64]) -> Block:
    p, y = foreseen.predicted[rows], foreseen.came[rows]
    of_customer = np.unique(foreseen.customers[rows].astype(str), return_inverse=True)[1]
    sums = np.bincount(of_customer, weights=y - p)
    variance = max(float(sums @ sums), float((p * (1 - p)).sum())) / len(rows) ** 2
    since = int(foreseen.decided_us[rows].min())
    return Block(since, len(rows), float(p.mean()), float(y.mean()), variance**0.5)
