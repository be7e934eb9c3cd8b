"""Runs of equal values in a sorted column: where they begin and end, and what their rows come to."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


def changes(values: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Whether another value begins there than stood before.

    >>> changes(np.array([0, 0, 2])).tolist()
    [True, False, True]
    """
    found = np.ones(len(values), dtype=np.bool_)
    found[1:] = values[1:] != values[:-1]
    return found


def starts(group: NDArray[np.integer[Any]]) -> Places:
    """Where each run of equal values begins.

    >>> starts(np.array([0, 0, 2])).tolist()
    [0, 2]
    """
    return changes(group).nonzero()[0]


def ends(group: NDArray[np.integer[Any]]) -> Places:
    """Where each run of equal values ends.

    >>> ends(np.array([0, 0, 2])).tolist()
    [1, 2]
    """
    found = np.ones(len(group), dtype=np.bool_)
    found[:-1] = group[1:] != group[:-1]
    return found.nonzero()[0]


@dataclass(frozen=True, slots=True)
class Runs:
    """Rows that belong together, run after run. Parameters: `first`, where each begins; `n_rows`, of all."""

    first: Places
    n_rows: int

    def largest(self, rows: Floats) -> Floats:
        """The largest of each run; NaN stands for nothing, as in the others."""
        return np.fmax.reduceat(rows, self.first, axis=0)

    def smallest(self, rows: Floats) -> Floats:
        """The smallest of each run."""
        return np.fmin.reduceat(rows, self.first, axis=0)

    def total(self, rows: Floats) -> Floats:
        """The sum of each run; NaN where it is of nothing.

        >>> Runs(np.array([0, 2]), 3).total(np.array([1.0, 2.0, np.nan]))
        array([ 3., nan])
        """
        told = rows == rows
        if told.all():
            return np.add.reduceat(rows, self.first, axis=0)
        summed = np.add.reduceat(np.where(told, rows, 0.0), self.first, axis=0)
        return np.where(np.logical_or.reduceat(told, self.first, axis=0), summed, np.nan)

    def each(self, of_runs: Floats) -> Floats:
        """What is of each run, at every row of it."""
        return np.repeat(of_runs, np.diff(self.first, append=self.n_rows), axis=0)
