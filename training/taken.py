"""Some rows of named columns, cut out of a column when it is looked at: a log is split without copying its features."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Taken(Mapping[str, NDArray[Any]]):
    """Rows of columns.

    Parameters: `whole`, the columns (n,) by name; `rows`, their positions, or a slice.
    """

    whole: Columns
    rows: NDArray[np.int64] | slice

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.whole[name][self.rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole)

    def __len__(self) -> int:
        return len(self.whole)


def taken(columns: Columns, rows: NDArray[Any] | slice) -> Columns:
    """Some rows (a mask, positions, or a slice) of columns, themselves taken or not.

    >>> few = taken(taken({"age": np.array([20, 30, 40, 50])}, slice(1, None)), np.array([True, False, True]))
    >>> few["age"].tolist()
    [30, 50]
    """
    chosen = np.flatnonzero(rows) if isinstance(rows, np.ndarray) and rows.dtype == bool else rows
    if not isinstance(columns, Taken):
        return Taken(columns, chosen)
    return Taken(columns.whole, _within(columns, chosen))


def _within(columns: Taken, rows: NDArray[np.int64] | slice) -> NDArray[np.int64]:
    """Positions in the whole of positions among what was taken."""
    if isinstance(columns.rows, slice):
        n = len(next(iter(columns.whole.values()), ()))
        return np.arange(n)[columns.rows][rows]
    return columns.rows[rows]
