"""Attribution: which events and outcomes count for which decision, and for which of its actions.

A decision's window is open after it was made, for the goal's length, and (with `until_next_decision`) before the same
customer's next one. An action's conversion counts while both its own window and the decision's are open, whether the
action was shown or not. `no_response` is what is left; it is never stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from decisioning.action import Action
from decisioning.catalog import Catalog
from features.workspace import Goal
from training.goal_event import GoalEvent

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """When attribution of one decision ends, and whether its full length was over in time.

    Parameters: `ends_us`, the first microsecond that no longer counts; `matured`, whether the goal's whole window was
    over: a decision that was cut short by the next one waits as long as any other, or busy customers would come first.
    """

    ends_us: int
    matured: bool


def windows(decided_us: Sequence[int], goal: Goal, *, as_of_us: int) -> list[Window]:
    """The windows of one customer's decisions, given in order of time.

    >>> [w.ends_us for w in windows([0, 5], Goal(window_days=1.0), as_of_us=0)][0]
    5
    """
    length = int(goal.window_days * DAY_US)
    following = [*decided_us[1:], None]
    return [
        _window(at, then if goal.until_next_decision else None, length, as_of_us)
        for at, then in zip(decided_us, following, strict=True)
    ]


def _window(decided_us: int, next_us: int | None, length_us: int, as_of_us: int) -> Window:
    full = decided_us + length_us
    return Window(full + 1 if next_us is None else min(full + 1, next_us), full <= as_of_us)


def within(events: Sequence[GoalEvent], *, after_us: int, before_us: int) -> list[GoalEvent]:
    """The events strictly after a moment and strictly before another."""
    return [event for event in events if after_us < event.occurred_us < before_us]


def converted(action: Action, events: Sequence[GoalEvent], *, decided_us: int) -> bool:
    """Whether the action's conversion is among a decision's events, within the action's own window."""
    if action.conversion is None:
        return False
    latest = decided_us + int(action.window.total_seconds() * 1_000_000)
    return any(e.occurred_us <= latest and action.conversion.matches(e.name, e.properties) for e in events)


def conversion_names(catalog: Catalog) -> set[str]:
    """The events that any action's conversion looks for."""
    return {action.conversion.event for action in catalog.actions.values() if action.conversion}


def by_customer(customers: Sequence[str]) -> Mapping[str, list[int]]:
    """The positions of each customer's rows, in the order given."""
    found: dict[str, list[int]] = {}
    for position, customer in enumerate(customers):
        found.setdefault(customer, []).append(position)
    return found
