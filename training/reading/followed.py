"""What customers did after decisions: the goal's money and the actions' conversions, attributed by columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from decisioning.catalog import Catalog
from features.ledger import Ledger
from features.workspace import Goal
from training.encoding import Floats
from training.goal_event import GoalEvent, each_goal_event
from training.labels import Places, Windows, conversion_names
from training.reading.answered import window_lengths
from training.reading.decided import Booleans, Decided
from training.reward import capped_worth, worth


@dataclass(frozen=True, slots=True)
class Events:
    """m events of the customers who were decided for, in order of time.

    Parameters: arrays (m,): `owner`, the customer's number; `at_us`; `money` and `capped`, what each is worth;
    `reaches` (m, n_actions), whose conversion it is.
    """

    owner: Places
    at_us: Places
    money: Floats
    capped: Floats
    reaches: Booleans


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed n decisions in their windows.

    Parameters: arrays (n,): `ends_us`, when attribution ended, `money` and `capped`; `converted` (n, n_actions).
    """

    ends_us: Places
    money: Floats
    capped: Floats
    converted: Booleans


def read_followed(ledger: Ledger, decided: Decided, catalog: Catalog, goal: Goal, *, as_of_us: int) -> Followed:
    """Attribute every event up to a moment to the decisions in whose windows it lies."""
    customers, owner = np.unique(decided.texts["customer_id"], return_inverse=True)
    numbers = {str(name): place for place, name in enumerate(customers)}
    events = _read(ledger, decided, numbers, catalog, goal, as_of_us)
    windows = Windows.of(owner, decided.decided_us, goal)
    rows, which = windows.pairs(events.owner, events.at_us)
    n = len(decided)
    return Followed(
        ends_us=windows.ends_us,
        money=_summed(rows, events.money[which], n),
        capped=_summed(rows, events.capped[which], n),
        converted=_converted(decided, events, rows, which, catalog),
    )


def _summed(rows: Places, weights: Floats, n: int) -> Floats:
    return np.bincount(rows, weights=weights, minlength=n).astype(np.float64)


def _read(
    ledger: Ledger, decided: Decided, numbers: dict[str, int], catalog: Catalog, goal: Goal, as_of_us: int
) -> Events:
    meaning = Meaning(decided.actions, catalog, goal)
    first = int(decided.decided_us[0]) if len(decided) else as_of_us
    found = [
        (number, event.occurred_us, *meaning.of(event))
        for event in each_goal_event(ledger, meaning.names, after_us=first, until_us=as_of_us)
        if (number := numbers.get(event.customer_id)) is not None
    ]
    owner, at_us, money, capped, reached = zip(*found, strict=True) if found else [()] * 5
    reaches = np.zeros((len(found), len(decided.actions)), dtype=bool)
    rows = np.repeat(np.arange(len(found)), [len(each) for each in reached])
    reaches[rows, np.array([column for each in reached for column in each], dtype=np.int64)] = True
    return Events(
        np.array(owner, dtype=np.int64),
        np.array(at_us, dtype=np.int64),
        np.array(money, dtype=np.float64),
        np.array(capped, dtype=np.float64),
        reaches,
    )


class Meaning:
    """What an event is worth, and which actions' conversion it is; only rules of its own name are looked at."""

    def __init__(self, actions: Sequence[str], catalog: Catalog, goal: Goal) -> None:
        self.names = conversion_names(catalog) | {rule.event for rule in goal.rewards}
        self._rules = {name: [rule for rule in goal.rewards if rule.event == name] for name in self.names}
        aims = {
            column: catalog.actions[name].conversion for column, name in enumerate(actions) if name in catalog.actions
        }
        self._aims = {
            name: [(column, aim) for column, aim in aims.items() if aim is not None and aim.event == name]
            for name in self.names
        }

    def of(self, event: GoalEvent) -> tuple[float, float, list[int]]:
        """The event's worth, the same cut at the rules' caps, and the columns of the actions that it converts."""
        rules = self._rules[event.name]
        reached = [column for column, aim in self._aims[event.name] if aim.matches(event.name, event.properties)]
        return worth(event, rules), capped_worth(event, rules), reached


def _converted(decided: Decided, events: Events, rows: Places, which: Places, catalog: Catalog) -> Booleans:
    out = np.zeros((len(decided), len(decided.actions)), dtype=bool)
    since = events.at_us[which] - decided.decided_us[rows]
    for column, name in enumerate(decided.actions):
        length = window_lengths(catalog).get(name, -1)
        out[rows[events.reaches[which, column] & (since <= length)], column] = True
    return out
