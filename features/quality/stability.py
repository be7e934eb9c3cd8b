"""The population stability index: how far a distribution moved between an earlier and a later period.

PSI = Σ (qᵢ − pᵢ) · ln(qᵢ / pᵢ) over bins, p the earlier shares and q the later ones. Where nothing moved,
PSI / (1/n + 1/m) is distributed as χ² with one degree of freedom less than there are bins (Yurdakul, 2018: Statistical
properties of the population stability index), so a PSI says nothing without the numbers of rows it stands on.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10
WORDS = 20
"""Words of a category that are told apart; the others count as one."""
MOVED = 0.1
"""By convention, what is smaller is no change worth a look."""
FEWEST = 100
"""Rows that either period needs for a PSI to say anything."""
_Z_99 = 2.326
_HALF = 0.5
"""Added to every bin, so that an empty one is no infinity."""


@dataclass(frozen=True, slots=True)
class Stability:
    """How far a distribution moved.

    Parameters: `psi`; `by_chance`, what it exceeds in one of a hundred fields that did not move, on so many rows;
    `n_earlier` and `n_later`, the rows of each period.
    """

    psi: float
    by_chance: float
    n_earlier: int
    n_later: int

    @property
    def moved(self) -> bool:
        """Whether the change is worth a look, and more than chance."""
        return self.psi > max(MOVED, self.by_chance)


def of_numbers(earlier: Sequence[float], later: Sequence[float]) -> Stability | None:
    """The stability of a number, in tenths of the earlier period; None where a period has too few rows.

    >>> of_numbers(list(range(1000)), list(range(1000))).psi
    0.0
    """
    if min(len(earlier), len(later)) < FEWEST:
        return None
    edges = np.unique(np.quantile(np.asarray(earlier, dtype=float), np.linspace(0, 1, BINS + 1)[1:-1]))
    return stability_of(counts_in(earlier, edges), counts_in(later, edges))


def counts_in(values: Sequence[float], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many values lie in each bin: above edge i − 1 and at most edge i."""
    places = np.searchsorted(edges, np.asarray(values, dtype=float), side="left")
    return np.bincount(places, minlength=len(edges) + 1).astype(float)


def of_words(earlier: Sequence[str], later: Sequence[str]) -> Stability | None:
    """The stability of a category, in its most frequent words; None where a period has too few rows.

    >>> round(of_words(["a", "b"] * 500, ["a", "a", "a", "b"] * 500).psi, 2)
    0.27
    """
    if min(len(earlier), len(later)) < FEWEST:
        return None
    before, after = Counter(earlier), Counter(later)
    words = [word for word, _ in (before + after).most_common(WORDS)]
    return stability_of(_shares(before, words), _shares(after, words))


def _shares(counts: Counter[str], words: Sequence[str]) -> NDArray[np.float64]:
    told = [counts[word] for word in words]
    return np.array([*told, counts.total() - sum(told)], dtype=float)


def stability_of(before: NDArray[np.float64], after: NDArray[np.float64]) -> Stability:
    """The stability of counts in the same bins, which each has some."""
    used = (before + after) > 0
    before, after = before[used], after[used]
    n, m, free = float(before.sum()), float(after.sum()), max(len(before) - 1, 1)
    p = (before + _HALF) / (n + _HALF * len(before))
    q = (after + _HALF) / (m + _HALF * len(after))
    psi = float(np.sum((q - p) * np.log(q / p)))
    return Stability(psi, _chi_square_99(free) * (1 / n + 1 / m), int(n), int(m))


def _chi_square_99(free: int) -> float:
    """The 99th percentile of χ² (Wilson and Hilferty, 1931)."""
    spread = 2 / (9 * free)
    return float(free * (1 - spread + _Z_99 * np.sqrt(spread)) ** 3)
