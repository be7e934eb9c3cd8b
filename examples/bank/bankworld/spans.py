"""Things that begin and end in somebody's life, and which of them is going on at a moment."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans of days, each with its owner, sorted by (owner, begin).

    Parameters: `owner` (n,), a whole number: a person, or a person and a product in one; `begin`, `end` (n,) in days.
    """

    owner: NDArray[np.int64]
    begin: NDArray[np.float64]
    end: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.owner)

    @classmethod
    def of(
        cls, owner: NDArray[np.int64], begin: NDArray[np.float64], end: NDArray[np.float64]
    ) -> tuple["Spans", NDArray[np.int64]]:
        """The spans in order, and the order, for whatever else is known of each."""
        order = np.lexsort((begin, owner))
        return cls(owner[order], begin[order], end[order]), order

    def going_on(self, owner: NDArray[np.int64], day: NDArray[np.float64]) -> NDArray[np.int64]:
        """The index of the span of each owner that began last before `day` and has not ended, else -1.

        >>> spans, _ = Spans.of(np.array([4, 4]), np.array([1.0, 9.0]), np.array([3.0, 12.0]))
        >>> spans.going_on(np.array([4, 4, 5]), np.array([2.0, 5.0, 2.0])).tolist()
        [0, -1, -1]
        """
        if not len(self):
            return np.full(len(owner), -1)
        latest = np.searchsorted(self._keys(self.owner, self.begin), self._keys(owner, day), side="right") - 1
        index = np.maximum(latest, 0)
        inside = (latest >= 0) & (self.owner[index] == owner) & (day < self.end[index])
        return np.where(inside, latest, -1)

    @staticmethod
    def _keys(owner: NDArray[np.int64], day: NDArray[np.float64]) -> NDArray[np.float64]:
        keys: NDArray[np.float64] = owner * 1e4 + day
        return keys
