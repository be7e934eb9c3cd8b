"""The logged features of many decisions, by columns, filled a page at a time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from training.reading.page import Page, Words, words

NUMBER, WORD, UNDECIDED = "DOUBLE", "VARCHAR", "JSON"
"""What a column holds, in DuckDB's types."""
LOOKED_AT = 256
"""Decisions, the first ones, that are looked at before any column is read."""
_HOLDS = {NUMBER: np.float64, WORD: object}


class FeatureBlock:
    """Columns by name over a known number of rows.

    A column holds words where its first known value is one, else numbers (NaN where not known).
    """

    def __init__(self, names: Sequence[str], n_rows: int) -> None:
        self._n_rows = n_rows
        self.kinds = dict.fromkeys(names, UNDECIDED)
        self._columns: dict[str, NDArray[Any]] = {}
        self._known: dict[str, str] = {}

    def look(self, features: Iterable[Mapping[str, Any]]) -> None:
        """Say what columns hold from some rows, each by name."""
        for row in features:
            for name in [name for name, kind in self.kinds.items() if kind == UNDECIDED]:
                self._decide(name, row.get(name))

    def fill(self, start: int, page: Page) -> None:
        """Write the rows of a page, read with these `kinds`, from a position on."""
        for name in self.kinds:
            column = page.feature(name)
            if column.null_count < len(column):
                found = self._decided(name, column) if self.kinds[name] == UNDECIDED else self._plain(name, column)
                if self.kinds[name] != UNDECIDED:
                    self._columns[name][start : start + len(page)] = found

    def columns(self, order: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """The columns of the first n rows in another order (n,); the block is not to be filled any more."""
        n, found = len(order), dict[str, NDArray[Any]]()
        moved = not np.array_equal(order, np.arange(n))
        for name in self.kinds:
            column = self._columns.get(name, np.full(n, np.nan))[:n]
            if moved:
                column[:] = column[order]
            found[name] = column
        return found

    def _decide(self, name: str, value: Any) -> None:
        if value is not None:
            self.kinds[name] = WORD if isinstance(value, str) else NUMBER
            empty = None if isinstance(value, str) else np.nan
            self._columns[name] = np.full(self._n_rows, empty, dtype=_HOLDS[self.kinds[name]])

    def _plain(self, name: str, column: Any) -> NDArray[Any]:
        if self.kinds[name] == WORD:
            return self._interned(words(column))
        numbers: NDArray[np.float64] = column.to_numpy(zero_copy_only=False)
        return numbers

    def _decided(self, name: str, column: Any) -> NDArray[Any]:
        """The values of a column of JSON, whose first known one says what it holds."""
        values = [None if text is None else orjson.loads(text) for text in column.to_pylist()]
        self._decide(name, next((value for value in values if value is not None), None))
        return np.array(values, dtype=_HOLDS.get(self.kinds[name], object))

    def _interned(self, told: Words) -> Words:
        """The same words, each kept once."""
        known = self._known
        return np.array([None if word is None else known.setdefault(word, word) for word in told], dtype=object)
