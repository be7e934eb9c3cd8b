"""Those who count for some customers, as arrays: each customer, and the others of their groups."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from features.fact_reader import Index
from features.group.circle import Circles, Other
from features.group.sharing import Said
from features.primitives import Array


class Company:
    """The states of some customers and of the others in their groups.

    Parameters: `circles`, of each customer; `own`, the customers' states, shape (n, n_state); `others`, the states of
    all others, shape (n_others, n_state), in the order of `others_in(circles)`.
    """

    def __init__(self, circles: Sequence[Circles], own: Array, others: Array) -> None:
        self.circles = circles
        self._own = own
        self._others = others
        self._rows: dict[str, list[int]] = {}
        self._places: dict[str, list[int]] = {}
        self._said: dict[str, list[Said]] = {}
        for place, (row, kind, other) in enumerate(_each(circles)):
            self._rows.setdefault(kind, []).append(row)
            self._places.setdefault(kind, []).append(place)
            self._said.setdefault(kind, []).append(other.said)

    def of_kind(self, kind: str) -> Index:
        """Which customers are in a group of a kind, ascending."""
        return np.array([row for row, circles in enumerate(self.circles) if kind in circles], dtype=np.intp)

    def counting(self, kind: str, may: Callable[[Said], bool]) -> tuple[Index, Array]:
        """Those who count in groups of a kind: (of which customer, their states), each customer's own first.

        Parameters: `may`, whether an other counts; customers count for themselves.
        """
        here = self.of_kind(kind)
        counts = np.array([may(said) for said in self._said.get(kind, ())], dtype=np.bool_)
        rows = np.concatenate((here, _index(self._rows.get(kind, ()))[counts]))
        states = np.concatenate((self._own[here], self._others[_index(self._places.get(kind, ()))[counts]]))
        order = np.argsort(rows, kind="stable")
        return rows[order], states[order]


def others_in(circles: Sequence[Circles]) -> Iterator[tuple[int, str]]:
    """Whose states a company needs: (of which customer, the other's id)."""
    return ((row, other.customer_id) for row, _, other in _each(circles))


def _each(circles: Sequence[Circles]) -> Iterator[tuple[int, str, Other]]:
    return (
        (row, kind, other)
        for row, of_one in enumerate(circles)
        for kind, circle in of_one.items()
        for other in circle.others
    )


def _index(places: Sequence[int]) -> NDArray[np.intp]:
    return np.array(places, dtype=np.intp)
