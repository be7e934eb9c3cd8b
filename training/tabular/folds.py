"""Which rows are learned from and which judge: random folds of equal shares of either label, or later blocks."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats

Index = NDArray[np.int64]
N_FOLDS = 5
FIRST_SHARE = 0.5
"""Of rows in order of time, the share that is learned before the first block is judged."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One split. Parameters: `learned` and `judged`, the rows of either part."""

    learned: Index
    judged: Index


def stratified(label: Floats, *, n_folds: int = N_FOLDS, seed: int = 0) -> tuple[Fold, ...]:
    """Random folds with the same share of either label; every row is judged once."""
    rng = np.random.default_rng(seed)
    number = np.empty(len(label), dtype=np.int64)
    for value in (0.0, 1.0):
        rows = rng.permutation(np.flatnonzero(label == value))
        number[rows] = np.arange(len(rows)) % n_folds
    return tuple(Fold(np.flatnonzero(number != each), np.flatnonzero(number == each)) for each in range(n_folds))


def forward(n_rows: int, *, n_folds: int = N_FOLDS) -> tuple[Fold, ...]:
    """Blocks of rows in order of time, each judged by what was learned from every row before it."""
    ends = np.linspace(n_rows * FIRST_SHARE, n_rows, n_folds + 1).astype(np.int64)
    return tuple(Fold(np.arange(start), np.arange(start, end)) for start, end in pairwise(ends))


def future(n_rows: int, *, n_folds: int = N_FOLDS) -> tuple[Fold, ...]:
    """The same, but all rows that follow judge: what a model meets that is left to serve for long."""
    return tuple(Fold(fold.learned, np.arange(len(fold.learned), n_rows)) for fold in forward(n_rows, n_folds=n_folds))


def last_share(n_rows: int, share: float) -> Fold:
    """The last rows in order of time judge, those before them are learned."""
    start = n_rows - max(int(n_rows * share), 1)
    return Fold(np.arange(start), np.arange(start, n_rows))


def blocks(n_rows: int, n_blocks: int) -> list[slice]:
    """Slices of nearly equal size, in order."""
    ends: Any = np.linspace(0, n_rows, n_blocks + 1).astype(int)
    return [slice(int(start), int(end)) for start, end in pairwise(ends)]
