"""Whose events are, by numbers that whoever read them gave: the same identifiers, the same number.

Nearly every event of a load is of somebody known and not their first, so it says nothing new of identities: by numbers
that is seen of a whole batch at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Numbers = NDArray[np.int32]
UNSETTLED = -1
_NEVER = np.iinfo(np.int64).max


class Owners(NamedTuple):
    """The number of each event's owner, shape (n,), -1 where none was given.

    Parameters: `numbering`, within which a number always stands for the same identifiers.
    """

    numbers: Numbers
    numbering: object

    def at(self, places: Sequence[int] | NDArray[np.intp]) -> "Owners":
        """Those at some places."""
        return Owners(self.numbers[np.asarray(places, dtype=np.intp)], self.numbering)


class Settled:
    """What earlier events settled, by owner: the node, and a moment after which one more event is not the first.

    >>> settled, owners = Settled(), Owners(np.array([0, 1, -1], dtype=np.int32), "numbers")
    >>> settled.nodes(owners, np.array([5, 5, 5])).tolist()
    [-1, -1, -1]
    >>> settled.note(owners, np.array([5, 5, 5]), np.array([7, 8, 9]))
    >>> settled.nodes(owners, np.array([6, 5, 6])).tolist()
    [7, -1, -1]
    """

    def __init__(self) -> None:
        self._numbering: object = None
        self._nodes = self._first_us = np.empty(0, dtype=np.int64)

    def nodes(self, owners: Owners, occurred_us: Times) -> Times:
        """The node of each event, -1 where it may say something new."""
        self._make_room(owners)
        numbers = owners.numbers
        is_settled = (numbers >= 0) & (occurred_us > self._first_us[numbers])
        return np.where(is_settled, self._nodes[numbers], UNSETTLED)

    def note(self, owners: Owners, occurred_us: Times, nodes: Times) -> None:
        """Note the nodes of events that were taken in, of owners that were asked for."""
        is_numbered = owners.numbers >= 0
        numbers = owners.numbers[is_numbered]
        self._nodes[numbers] = nodes[is_numbered]
        np.minimum.at(self._first_us, numbers, occurred_us[is_numbered])

    def _make_room(self, owners: Owners) -> None:
        """Room for every number, and for -1."""
        if owners.numbering is not self._numbering:
            self._numbering = owners.numbering
            self._nodes = self._first_us = np.empty(0, dtype=np.int64)
        missing = int(owners.numbers.max(initial=0)) + 1 - len(self._nodes)
        if missing > 0:
            more = np.full(max(missing, len(self._nodes)), _NEVER)
            self._nodes, self._first_us = np.append(self._nodes, more), np.append(self._first_us, more)
