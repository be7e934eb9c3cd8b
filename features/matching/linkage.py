"""Clusters grow by evidence that their records give together.

Two clusters are compared field by field: the evidence of a field is the mean Bayes factor over all pairs of their
records that give it, as if a value of one were drawn from the values of the other. So a record that knows the name and
one that knows the address join, through others, in one cluster; and one chance likeness does not chain two people
together as it would with connected components. Where two clusters disagree, each doubling of the smaller one counts
the disagreement once more: errors happen in single records, not in all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.matching.candidate import Places
from features.matching.weighing import Bits, Weighing

CHUNK = 500_000
"""Pairs of records that are weighed at a time."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Clusters, and what was left between them.

    Parameters: `cluster`, a number per record, (n,); `first`, `second`, clusters that share a candidate pair,
    (n_pairs,); `score`, log₂ odds that they are of one person.
    """

    cluster: Places
    first: Places
    second: Places
    score: Bits


def linked(weighing: Weighing, n_records: int, edges: tuple[Places, Places], prior: float, least: float) -> Linked:
    """Join, in rounds, clusters that are each other's best, while any score is above `least` (log₂ odds).

    Parameters: `edges`, pairs of records that make their clusters worth comparing; `prior`, log₂ odds of a pair.
    """
    cluster = np.arange(n_records, dtype=np.int64)
    known: tuple[Places, Bits] = np.zeros(0, np.int64), np.zeros(0)
    while True:
        groups = _Groups(cluster)
        keys = _between(cluster, edges)
        known = keys, _scores(groups, weighing, keys, known, prior)
        first, second = np.divmod(keys, _SHIFT)
        above = known[1] > least
        if not above.any():
            return Linked(cluster, first, second, known[1])
        cluster = _joined(cluster, *_best_of_each_other(first[above], second[above], known[1][above]))


_SHIFT = 1 << 31
"""A pair of clusters is one number: first · 2³¹ + second. Cluster numbers are never used twice."""


def _between(cluster: Places, edges: tuple[Places, Places]) -> Places:
    a, b = cluster[edges[0]], cluster[edges[1]]
    apart = a != b
    return np.unique(np.minimum(a, b)[apart] * _SHIFT + np.maximum(a, b)[apart])


class _Groups:
    """The records of each cluster, by its number."""

    def __init__(self, cluster: Places) -> None:
        self._order = np.argsort(cluster, kind="stable")
        numbers, start, size = np.unique(cluster[self._order], return_index=True, return_counts=True)
        self._start = np.zeros(int(numbers[-1]) + 1 if len(numbers) else 0, dtype=np.int64)
        self.size = np.zeros_like(self._start)
        self._start[numbers], self.size[numbers] = start, size

    def crossed(self, first: Places, second: Places) -> tuple[Places, Places, Places]:
        """Every pair of records of each pair of clusters: whose pair it is, and the two records, (n,) each."""
        width = self.size[second]
        total = self.size[first] * width
        of = np.repeat(np.arange(len(first)), total)
        step = np.arange(len(of)) - np.repeat(np.cumsum(total) - total, total)
        left = self._order[self._start[first[of]] + step // width[of]]
        return of, left, self._order[self._start[second[of]] + step % width[of]]


def _scores(groups: _Groups, weighing: Weighing, keys: Places, known: tuple[Places, Bits], prior: float) -> Bits:
    """The score of each pair of clusters; pairs whose clusters did not change keep theirs."""
    scores = np.full(len(keys), np.nan)
    kept, _, there = _intersection(keys, known[0])
    scores[kept] = known[1][there]
    changed = np.flatnonzero(np.isnan(scores))
    first, second = np.divmod(keys[changed], _SHIFT)
    for part in _chunks(groups.size[first] * groups.size[second]):
        scores[changed[part]] = prior + _evidence(groups, weighing, first[part], second[part])
    return scores


def _intersection(keys: Places, known: Places) -> tuple[Places, Places, Places]:
    both, here, there = np.intersect1d(keys, known, assume_unique=True, return_indices=True)
    return here, both, there


def _chunks(costs: Places) -> Iterator[slice]:
    """Slices whose costs add up to about CHUNK each."""
    turn = np.flatnonzero(np.diff(np.cumsum(costs) // CHUNK)) + 1
    ends = [*turn.tolist(), len(costs)]
    return (slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True))


def _evidence(groups: _Groups, weighing: Weighing, first: Places, second: Places) -> Bits:
    of, left, right = groups.crossed(first, second)
    bits = weighing.bits(left, right)
    total = groups.size[first] * groups.size[second]
    smaller = np.minimum(groups.size[first], groups.size[second])
    return pooled(bits, of, total, smaller)


def pooled(bits: Bits, of: Places, total: Places, smaller: NDArray[np.int64]) -> Bits:
    """The evidence of many pairs of records for each pair of clusters, all fields together.

    Parameters: `bits`, (n, n_fields), NaN where missing; `of`, whose pair each is, (n,); `total`, how many pairs each
    pair of clusters has, and `smaller`, how many records its smaller one, (n_pairs,).
    """
    result = np.zeros(len(total))
    for field in bits.T:
        given = ~np.isnan(field)
        count = np.bincount(of[given], minlength=len(total))
        factor = np.bincount(of[given], np.exp2(np.minimum(field[given], 500.0)), len(total))
        mean = np.log2(factor / np.maximum(count, 1), where=count > 0, out=np.zeros(len(total)))
        weight = 1.0 + np.log2(np.maximum(smaller * np.sqrt(count / total), 1.0))
        result += np.where(mean < 0, mean * weight, mean)
    return result


def _best_of_each_other(first: Places, second: Places, score: Bits) -> tuple[Places, Places]:
    """Pairs of which each is the other's best; no cluster is in two of them."""
    n = int(second.max()) + 1
    best = np.full(n, -np.inf)
    np.maximum.at(best, first, score)
    np.maximum.at(best, second, score)
    mutual = np.flatnonzero((score >= best[first]) & (score >= best[second]))
    taken: set[int] = set()
    chosen = [place for place in mutual.tolist() if _both_free(taken, int(first[place]), int(second[place]))]
    return first[chosen], second[chosen]


def _both_free(taken: set[int], first: int, second: int) -> bool:
    if first in taken or second in taken:
        return False
    taken.update((first, second))
    return True


def _joined(cluster: Places, first: Places, second: Places) -> Places:
    """The clusters after joins; each join gets a number that no cluster had before."""
    top = int(cluster.max()) + 1
    number = np.arange(top, dtype=np.int64)
    number[first] = number[second] = top + np.arange(len(first))
    return number[cluster]
