"""How many requests may be under way: as many as the event loop gets around to soon.

A request waits for all those before it, so a bound that does not know what one of them costs here and now is too high
on a busy machine, or too low on a quiet one. The bound follows what was waited: it grows by one for as many requests as
may be under way while the wait is short, and falls by a fifth when it is long (additive increase, multiplicative
decrease: Chiu and Jain, 1989). Waiting for the disk does not count: what waits there is written together.
"""

from collections.abc import Callable
from time import monotonic

SOON = 0.025
"""Seconds that the event loop may take to come around: an answer takes some four of its rounds."""
FEWEST, MOST = 4, 48
_CUT = 0.8


class Admission:
    """The bound, of one event loop. Parameters: `clock`, seconds that never go back.

    >>> admission = Admission(clock=lambda: 10.0)
    >>> admission.n_allowed
    48
    >>> admission.waited_since(9.0)
    >>> admission.n_allowed
    38
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._allowed = float(MOST)
        self._cut_at = float("-inf")

    @property
    def n_allowed(self) -> int:
        """Requests that may be under way at once."""
        return int(self._allowed)

    @property
    def now(self) -> float:
        """By its clock."""
        return self._clock()

    def waited_since(self, began: float) -> None:
        """The event loop came around to what has waited since then; of one long round only the first word counts."""
        now = self._clock()
        if now - began <= SOON:
            self._allowed = min(MOST, self._allowed + 1.0 / self._allowed)
        elif began >= self._cut_at:
            self._allowed = max(FEWEST, self._allowed * _CUT)
            self._cut_at = now
