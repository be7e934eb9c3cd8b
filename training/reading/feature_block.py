"""The logged features of many decisions, by columns, filled a page at a time: no decision is held as objects."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from training.encoding import Floats

Words = NDArray[np.object_]


class FeatureBlock:
    """Columns by name over a known number of rows.

    A column holds words where its first known value is one, else numbers (NaN where not known).
    """

    def __init__(self, names: Sequence[str], n_rows: int) -> None:
        self._names = tuple(names)
        self._numbers = np.full((len(self._names), n_rows), np.nan)
        self._words: dict[int, Words] = {}
        self._undecided = set(range(len(self._names)))
        self._known: dict[str, str] = {}

    def fill(self, start: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows, each by name, from a position on; what a row does not name is not known there."""
        values = [self._values(row) for row in rows]
        self._decide(values)
        end = start + len(rows)
        for place, column in self._words.items():
            column[start:end] = self._interned([row[place] for row in values])
        plain = [place for place in range(len(self._names)) if place not in self._words]
        for place, numbers in zip(plain, _numbers(values, plain), strict=True):
            self._numbers[place, start:end] = numbers

    def _values(self, row: Mapping[str, Any]) -> Sequence[Any]:
        """In the order of the names, which is usually the row's own."""
        return list(row.values()) if tuple(row) == self._names else list(map(row.get, self._names))

    def columns(self, order: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """The columns of the first n rows in another order (n,); the block is not to be filled any more."""
        n, found = len(order), dict[str, NDArray[Any]]()
        moved = not np.array_equal(order, np.arange(n))
        for place, name in enumerate(self._names):
            column = (self._words[place] if place in self._words else self._numbers[place])[:n]
            if moved:
                column[:] = column[order]
            found[name] = column
        return found

    def _decide(self, values: Sequence[Sequence[Any]]) -> None:
        for place in sorted(self._undecided):
            first = next((row[place] for row in values if row[place] is not None), None)
            if isinstance(first, str):
                self._words[place] = np.full(self._numbers.shape[1], None, dtype=object)
            if first is not None:
                self._undecided.discard(place)

    def _interned(self, values: Iterable[Any]) -> list[Any]:
        """The same values, each word kept once."""
        known = self._known
        return [None if value is None else known.setdefault(value, value) for value in values]


def _numbers(values: Sequence[Sequence[Any]], places: Sequence[int]) -> Floats:
    """The numbers at some places of rows, NaN where there is none: (n_places, n_rows)."""
    if len(places) < 2:
        flat = [row[place] for row in values for place in places]
    else:
        flat = list(chain.from_iterable(map(itemgetter(*places), values)))
    told = pa.array(flat, type=pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(told).reshape(len(values), len(places)).T
