"""The logged features of many decisions, by columns, filled a page at a time."""

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from training.reading.feature_kinds import UNDECIDED, WORD, FeatureKinds
from training.reading.page import Page, Words, words


class FeatureBlock:
    """Columns by name over a known number of rows: words (None where not known) or numbers (NaN)."""

    def __init__(self, kinds: FeatureKinds, n_rows: int) -> None:
        self._n_rows = n_rows
        self._kinds = kinds
        self._columns: dict[str, NDArray[Any]] = {}
        self._known: dict[str, str] = {}

    def fill(self, start: int, page: Page, read_as: dict[str, str]) -> None:
        """Write the rows of a page from a position on. Parameters: `read_as`, the kinds that it was read with."""
        for name, kind in read_as.items():
            column = page.feature(name)
            if column.null_count < len(column) and self._kinds.by_name[name] != UNDECIDED:
                found = self._told(name, column) if kind == UNDECIDED else self._plain(kind, column)
                self._column(name)[start : start + len(page)] = found

    def columns(self, order: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """The columns of the first n rows in another order (n,); the block is not to be filled any more."""
        n, found = len(order), dict[str, NDArray[Any]]()
        moved = not np.array_equal(order, np.arange(n))
        for name in self._kinds.by_name:
            column = self._column(name)[:n]
            if moved:
                column[:] = column[order]
            found[name] = column
        return found

    def _column(self, name: str) -> NDArray[Any]:
        if name not in self._columns:
            is_word = self._kinds.by_name[name] == WORD
            empty, held = (None, object) if is_word else (np.nan, np.float64)
            self._columns[name] = np.full(self._n_rows, empty, dtype=held)
        return self._columns[name]

    def _plain(self, kind: str, column: Any) -> NDArray[Any]:
        if kind == WORD:
            return self._interned(words(column))
        numbers: NDArray[np.float64] = column.to_numpy(zero_copy_only=False)
        return numbers

    def _told(self, name: str, column: Any) -> NDArray[Any]:
        """The values of a column of JSON."""
        values = [None if text is None else orjson.loads(text) for text in column.to_pylist()]
        return np.array(values, dtype=object if self._kinds.by_name[name] == WORD else np.float64)

    def _interned(self, told: Words) -> Words:
        """The same words, each kept once."""
        known = self._known
        return np.array([None if word is None else known.setdefault(word, word) for word in told], dtype=object)
