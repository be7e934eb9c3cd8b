"""Attribution: which events count for which decision, and for which of its actions.

A decision's window is open after it was made, for the goal's length, and (with `until_next_decision`) before the same
customer's next one; the decisions of one call, for several placements of a page, end together. An action's conversion
counts while both its own window and the decision's are open, whether the action was shown or not. `no_response` is what
is left; it is never stored.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisioning.catalog import Catalog
from features.workspace import Goal

DAY_US = 86_400_000_000
Places = NDArray[np.int64]
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Windows:
    """When attribution of each of n decisions begins and ends.

    Parameters: arrays (n,): `owner`, the customer's number; `decided_us`, in order of time; `ends_us`, the first
    microsecond that no longer counts; `order`, the decisions by customer and time.
    """

    owner: Places
    decided_us: Places
    ends_us: Places
    order: Places

    @classmethod
    def of(cls, owner: Places, decided_us: Places, goal: Goal, *, call: Places | None = None) -> "Windows":
        """The windows of decisions in order of time.

        Parameters: `call` (n,), a number that the decisions of one call share (None: each is a call of its own).

        >>> day = Goal(window_days=1.0)
        >>> Windows.of(np.array([7, 8, 7]), np.array([0, 3, 5]), day).ends_us.tolist()
        [5, 86400000004, 86400000006]
        """
        order = np.argsort(owner, kind="stable")
        ends_us = decided_us + int(goal.window_days * DAY_US) + 1
        if goal.until_next_decision:
            calls = np.arange(len(order)) if call is None else call
            next_us = _next_call_us(owner[order], calls[order], decided_us[order])
            ends_us[order] = np.minimum(ends_us[order], next_us)
        return cls(owner, decided_us, ends_us, order)

    def pairs(self, owner: Places, at_us: Places) -> tuple[Places, Places]:
        """Decisions and events that belong together: two arrays of positions, in the order of the events.

        Parameters: of m events `owner` and `at_us` (m,). An event counts strictly after a decision and before its end.
        """
        times = np.unique(np.concatenate([self.decided_us, self.ends_us, at_us]))
        starts, ends, moments = (
            who * len(times) + np.searchsorted(times, at)
            for who, at in (
                (self.owner[self.order], self.decided_us[self.order]),
                (self.owner[self.order], self.ends_us[self.order]),
                (owner, at_us),
            )
        )
        first, last = np.searchsorted(ends, moments, side="right"), np.searchsorted(starts, moments, side="left")
        counts = np.maximum(last - first, 0)
        event = np.repeat(np.arange(len(at_us)), counts)
        inside = np.arange(len(event)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.order[first[event] + inside], event


def _next_call_us(owner: Places, call: Places, decided_us: Places) -> Places:
    """When each customer's next call began (n,), of decisions by customer and time.

    >>> np.minimum(_next_call_us(np.array([7, 7, 7, 8]), np.array([1, 1, 2, 2]), np.array([0, 1, 5, 6])), 99).tolist()
    [5, 5, 99, 99]
    """
    is_other = (owner[1:] != owner[:-1]) | (call[1:] != call[:-1])
    first = np.flatnonzero(np.append(True, is_other))
    next_us = np.append(np.where(owner[first[1:]] == owner[first[:-1]], decided_us[first[1:]], _NEVER), _NEVER)
    return np.repeat(next_us, np.diff(np.append(first, len(owner))))


def conversion_names(catalog: Catalog) -> set[str]:
    """The events that any action's conversion looks for."""
    return {action.conversion.event for action in catalog.actions.values() if action.conversion}
