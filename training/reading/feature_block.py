"""The logged features of many decisions, by columns, filled a page at a time: no decision is held as objects."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

    def fill(self, start: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write rows, each in the order of the names, from a position on."""
        table, end = np.array(rows, dtype=object).reshape(len(rows), len(self._names)), start + len(rows)
        self._decide(table)
        for place, column in self._words.items():
            column[start:end] = self._interned(table[:, place])
        plain = [place for place in range(len(self._names)) if place not in self._words]
        self._numbers[plain, start:end] = table[:, plain].astype(np.float64).T

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

    def _decide(self, table: NDArray[np.object_]) -> None:
        for place in sorted(self._undecided):
            first = next((value for value in table[:, place] if value is not None), None)
            if isinstance(first, str):
                self._words[place] = np.full(self._numbers.shape[1], None, dtype=object)
            if first is not None:
                self._undecided.discard(place)

    def _interned(self, values: Iterable[Any]) -> list[Any]:
        """The same values, each word kept once."""
        known = self._known
        return [None if value is None else known.setdefault(value, value) for value in values]
