"""Trees for candidates that do not change: what the customer's splits leave of each tree is found once for all of them.

Scores are LightGBM's own, bit for bit: the same leaves, added in the same order (a test draws models and rows at random
and compares). Where a model's text holds what is not known here, LightGBM scores.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats
from training.tree_text import Split, TextTree, bits, way_of

TINY = 1e-35
"""What LightGBM takes for 0."""
MOST_KEPT = 10_000
"""Candidates that are remembered."""
_MANTISSA, _BIAS = 52, 1023
Words = NDArray[np.uint64]


@dataclass(frozen=True)
class Splits:
    """Some splits of every tree, in the order of the trees, each tree's led by one that rules nothing out.

    Parameters: `parts` of `_asked` that are looked at; `asks` (n,), places in those; `thresholds` (n,); `left` and
    `right` (n,), what is left over; `starts` (n_trees,), where each tree's begin; `worded` (k,), which splits are by
    category, `columns` (k,) theirs, and `goes` (k, n_categories + 1), whether each goes left, the last for any other.
    """

    parts: tuple[int, ...]
    asks: NDArray[np.intp]
    thresholds: Floats
    left: Words
    right: Words
    starts: NDArray[np.intp]
    worded: NDArray[np.intp]
    columns: NDArray[np.intp]
    goes: NDArray[np.bool_]

    @classmethod
    def of(cls, by_tree: list[list[Split]], *, width: int) -> Self:
        """Those splits of rows of `width` columns."""
        every = [split for splits in by_tree for split in splits]
        worded = [place for place, split in enumerate(every) if split.words is not None]
        goes = _goes([every[place].words or () for place in worded])
        sizes = [len(splits) for splits in by_tree]
        of_split = [_part(split) for split in every]
        parts = tuple(sorted(set(of_split)))
        asks = [parts.index(part) * width + split.column for part, split in zip(of_split, every, strict=True)]
        return cls(
            parts=parts,
            asks=np.array(asks, dtype=np.intp),
            thresholds=np.array([split.threshold for split in every]),
            left=bits(split.left for split in every),
            right=bits(split.right for split in every),
            starts=np.cumsum([0, *sizes[:-1]]).astype(np.intp),
            worded=np.array(worded, dtype=np.intp),
            columns=np.array([every[place].column for place in worded], dtype=np.intp),
            goes=goes,
        )

    def left_over(self, row: Floats) -> Words:
        """The leaves of each tree (…, n_trees) that these splits do not rule out for a row (…, width)."""
        goes_left = _asked(row, self.parts).take(self.asks, axis=-1) <= self.thresholds
        if self.worded.size:
            goes_left[..., self.worded] = self._by_category(row)
        return np.bitwise_and.reduceat(np.where(goes_left, self.left, self.right), self.starts, axis=-1)

    def _by_category(self, row: Floats) -> NDArray[np.bool_]:
        codes, other = row.take(self.columns, axis=-1), self.goes.shape[1] - 1
        known = (codes > -1.0) & (codes < other)
        place = np.where(known, codes, other).astype(np.intp)
        found: NDArray[np.bool_] = self.goes[np.arange(len(self.columns)), place]
        return found


@dataclass(frozen=True)
class LeafSets:
    """The trees of one booster.

    Parameters: `trees`; `width`, columns of a row; `n_customer`, how many of them, from the first, are the customer's.
    """

    trees: list[TextTree]
    width: int
    n_customer: int
    _reach: dict[bytes, Words] = field(default_factory=dict, repr=False, compare=False)

    def fixed(self, candidates: Floats) -> "FixedTrees":
        """The trees for candidates that do not change: rows (m, width), the customer part not looked at."""
        reach = [self._reached(row) for row in candidates]
        found = np.array(reach, dtype=np.uint64).reshape(-1, len(self.trees)).T.copy()
        return FixedTrees(self.of_customer, found, self.values, self.before)

    @cached_property
    def of_customer(self) -> Splits:
        """The splits that look at the customer."""
        return self._splits(customer=True)

    @cached_property
    def of_action(self) -> Splits:
        """The splits that look at the action."""
        return self._splits(customer=False)

    @cached_property
    def values(self) -> Floats:
        """Of all leaves of all trees."""
        return np.array([value for tree in self.trees for value in tree.values])

    @cached_property
    def before(self) -> NDArray[np.int64]:
        """Where each tree's leaves begin (n_trees, 1), less what an exponent is written higher by."""
        sizes = [len(tree.values) for tree in self.trees]
        return np.cumsum([0, *sizes[:-1]]).astype(np.int64)[:, np.newaxis] - _BIAS

    def _reached(self, candidate: Floats) -> Words:
        """The leaves of each tree (n_trees,) that a candidate's own splits leave over; remembered."""
        key = candidate[self.n_customer :].tobytes()
        found = self._reach.get(key)
        if found is None:
            found = self.of_action.left_over(candidate)
            if len(self._reach) < MOST_KEPT:
                self._reach[key] = found
        return found

    def _splits(self, *, customer: bool) -> Splits:
        chosen = [
            [tree.no_split, *(each for each in tree.splits if (each.column < self.n_customer) == customer)]
            for tree in self.trees
        ]
        return Splits.of(chosen, width=self.n_customer if customer else self.width)


@dataclass(frozen=True, slots=True)
class FixedTrees:
    """The trees for m fixed candidates.

    Parameters: `customer`, the splits that are still open; `reach` (n_trees, m), the leaves that each candidate's own
    splits leave over; `values` and `before` as of `LeafSets`.
    """

    customer: Splits
    reach: Words
    values: Floats
    before: NDArray[np.int64]

    def margin(self, row: Floats) -> Floats:
        """Log-odds (m,) of the candidates for a customer's columns (n_customer,)."""
        left = self.customer.left_over(row)[:, np.newaxis]
        return summed(self.values.take(leaves(self.reach & left, self.before)))


def leaves(left: Words, before: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places of the leaves that are left, one bit each. Parameters: `before`, as of `LeafSets`."""
    place = left.astype(np.float64).view(np.int64) >> _MANTISSA  # the place of a single bit is its exponent
    place += before
    return place


def summed(values: Floats) -> Floats:
    """Add the trees up (…, n_trees, m), one after the other as LightGBM does."""
    if values.shape[-1] == 1:  # of a single column, numpy would add in pairs
        values = np.cumsum(values, axis=-2)[..., -1:, :]
    total: Floats = values.sum(axis=-2)
    return total


def _asked(row: Floats, parts: Sequence[int]) -> Floats:
    """What splits may compare, some parts of it, side by side.

    In the order of `_part`: the row with NaN as 0; NaN missing, and 0 missing too, each first of all (−∞, so that it
    goes left) and last (NaN, which no threshold is above).
    """
    made = [_PARTS[part](row) for part in parts]
    return made[0] if len(made) == 1 else np.concatenate(made, axis=-1)


def _part(split: Split) -> int:
    missing, goes_left = way_of(split.kind)
    return {0: 0, 1: 3 if goes_left else 4, 2: 1 if goes_left else 2}[missing]


def _none(row: Floats) -> NDArray[np.bool_]:
    return np.isnan(row) | (np.abs(row) <= TINY)


_PARTS: tuple[Callable[[Floats], Floats], ...] = (
    lambda row: np.where(np.isnan(row), 0.0, row),
    lambda row: np.where(np.isnan(row), -np.inf, row),
    lambda row: row,
    lambda row: np.where(_none(row), -np.inf, row),
    lambda row: np.where(_none(row), np.nan, row),
)


def _goes(words: list[tuple[int, ...]]) -> NDArray[np.bool_]:
    """Whether each category goes left at each split, the last column for every other."""
    goes = np.zeros((len(words), max((max(some) + 1 for some in words if some), default=0) + 1), dtype=np.bool_)
    for place, some in enumerate(words):
        goes[place, list(some)] = True
    return goes
