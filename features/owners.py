"""Whose events are, by numbers that whoever read them gave: the same identifiers, the same number.

Nearly every event of a load is of somebody known and not their first, so it says nothing new of identities: by numbers
that is seen of a whole batch at once.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Numbers = NDArray[np.int32]
UNSETTLED = -1
NUMBERINGS = 2
"""So many are remembered at once: one of each process that reads lines."""
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
        self._known = deque[_Numbered](maxlen=NUMBERINGS)

    def nodes(self, owners: Owners, occurred_us: Times) -> Times:
        """The node of each event, -1 where it may say something new."""
        known, numbers = self._of(owners), owners.numbers
        is_settled = (numbers >= 0) & (occurred_us > known.first_us[numbers])
        return np.where(is_settled, known.nodes[numbers], UNSETTLED)

    def note(self, owners: Owners, occurred_us: Times, nodes: Times) -> None:
        """Note the nodes of events that were taken in."""
        known, is_numbered = self._of(owners), owners.numbers >= 0
        numbers = owners.numbers[is_numbered]
        known.nodes[numbers] = nodes[is_numbered]
        np.minimum.at(known.first_us, numbers, occurred_us[is_numbered])

    def _of(self, owners: Owners) -> "_Numbered":
        """What is known by these numbers, with room for every one, and for -1."""
        known = next((each for each in self._known if each.numbering is owners.numbering), None)
        if known is None:
            known = _Numbered(owners.numbering)
            self._known.append(known)
        known.make_room(int(owners.numbers.max(initial=0)) + 1)
        return known


class _Numbered:
    """What was settled, by number."""

    def __init__(self, numbering: object) -> None:
        self.numbering = numbering
        self.nodes = self.first_us = np.empty(0, dtype=np.int64)

    def make_room(self, n: int) -> None:
        """Room for so many numbers."""
        missing = n - len(self.nodes)
        if missing > 0:
            more = np.full(max(missing, len(self.nodes)), _NEVER)
            self.nodes, self.first_us = np.append(self.nodes, more), np.append(self.first_us, more)
