"""How many requests may be under way: as many as can be answered soon.

A request waits for all those before it, so a bound that does not know what one of them costs here and now is too high
on a busy machine, or too low on a quiet one. By Little's law what is under way takes as long as there is of it, times
the seconds of the clock between one answer and the next; these are measured on the event loop and averaged over many
requests, so that one long round (a pause of the machine, a first call) is not taken for what every request costs.
Waiting for the disk does not count: what waits there is written together.
"""

from collections.abc import Callable
from time import monotonic

SOON = 0.07
"""Seconds in which what is let in is to be answered; the slowest of a hundred takes more than twice as long."""
FEWEST, MOST = 4, 48
A_CLIENT, AT_MOST = 8, 0.1
"""Connections that a client has, none of which a pause turns away, and the seconds within which they are answered."""
_WEIGHT = 1 / 64


class Admission:
    """The bound, of one event loop. Parameters: `clock`, seconds that never go back.

    >>> admission = Admission(clock=lambda: 10.0)
    >>> admission.n_allowed
    48
    >>> admission.waited_since(9.7)
    >>> admission.n_allowed
    14
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._cost = 0.0
        self._waited = 0.0
        self._until = float("-inf")

    @property
    def n_allowed(self) -> int:
        """Requests that may be under way at once."""
        if self._cost * MOST <= SOON:
            return MOST
        return max(FEWEST, int(SOON / self._cost), min(A_CLIENT, int(AT_MOST / self._cost)))

    @property
    def now(self) -> float:
        """By its clock."""
        return self._clock()

    def waited_since(self, began: float, *, goes_on: bool = False) -> None:
        """The event loop came around to a request that has waited since then; no moment counts twice.

        Parameters: `goes_on`, whether the loop has to come around to it once more.
        """
        now = self._clock()
        self._waited += now - max(began, self._until)
        self._until = now
        if not goes_on:
            self._cost += _WEIGHT * (self._waited - self._cost)
            self._waited = 0.0
