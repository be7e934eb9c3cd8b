"""How many requests may be under way: as many as can be answered soon.

A request waits for all those before it, so a bound that does not know what one of them costs here and now is too high
on a busy machine, or too low on a quiet one. By Little's law what is under way takes as long as there is of it, times
the seconds of the clock between one answer and the next; these are measured on the event loop and averaged over many
requests, so that one long round (a pause of the machine, a first call) is not taken for what every request costs.
Waiting for the disk does not count: what waits there is written together.
"""

from collections.abc import Callable
from time import monotonic

SOON = 0.1
"""Seconds in which what is let in is to be answered."""
FEWEST, MOST = 4, 48
_WEIGHT = 1 / 64


class Admission:
    """The bound, of one event loop. Parameters: `clock`, seconds that never go back.

    >>> admission = Admission(clock=lambda: 10.0)
    >>> admission.n_allowed
    48
    >>> admission.waited_since(9.7)
    >>> admission.n_allowed
    21
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._cost = 0.0
        self._until = float("-inf")

    @property
    def n_allowed(self) -> int:
        """Requests that may be under way at once."""
        return MOST if self._cost * MOST <= SOON else max(FEWEST, int(SOON / self._cost))

    @property
    def now(self) -> float:
        """By its clock."""
        return self._clock()

    def waited_since(self, began: float) -> None:
        """The event loop came around to a request that has waited since then; no moment counts twice."""
        now = self._clock()
        self._cost += _WEIGHT * (now - max(began, self._until) - self._cost)
        self._until = now
