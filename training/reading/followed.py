"""What customers did after decisions: the goal's money and the actions' conversions, attributed by columns."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from decisioning.catalog import Catalog
from features.ledger import Ledger
from features.workspace import Goal
from training.encoding import Floats
from training.goal_event import GoalEvent, each_goal_event
from training.labels import Places, Windows, conversion_names
from training.reading.answered import window_lengths
from training.reading.decided import Booleans
from training.reading.drawn import Drawn
from training.reading.timeline import Timeline
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
    """What followed n drawn decisions in their windows.

    Parameters: arrays (n,): `ends_us`, when attribution ended, `money` and `capped`; `converted` (n, n_actions).
    """

    ends_us: Places
    money: Floats
    capped: Floats
    converted: Booleans


def read_followed(ledger: Ledger, drawn: Drawn, catalog: Catalog, goal: Goal, *, as_of_us: int) -> Followed:
    """Attribute every event up to a moment to the decisions in whose windows it lies, and tell of those drawn."""
    timeline = drawn.timeline
    numbers: dict[str, int] = {}
    owner = np.array([numbers.setdefault(each, len(numbers)) for each in timeline.customer_id], dtype=np.int64)
    events = _read(ledger, timeline, numbers, Meaning(timeline.actions, catalog, goal), as_of_us)
    windows = Windows.of(owner, timeline.decided_us, goal, call=timeline.call)
    rows, which = windows.pairs(events.owner, events.at_us)
    n = len(timeline)
    return Followed(
        ends_us=windows.ends_us[drawn.rows],
        money=_summed(rows, events.money[which], n)[drawn.rows],
        capped=_summed(rows, events.capped[which], n)[drawn.rows],
        converted=_converted(timeline, events, rows, which, catalog)[drawn.rows],
    )


def _summed(rows: Places, weights: Floats, n: int) -> Floats:
    return np.bincount(rows, weights=weights, minlength=n).astype(np.float64)


def _read(ledger: Ledger, timeline: Timeline, numbers: Mapping[str, int], meaning: "Meaning", as_of_us: int) -> Events:
    """The events of these customers, by columns: of each, no more is held than what it means."""
    first = int(timeline.decided_us[0]) if len(timeline) else as_of_us
    owner, at_us, money, capped = array("q"), array("q"), array("d"), array("d")
    rows, columns = array("q"), array("q")
    for event in each_goal_event(ledger, meaning.names, after_us=first, until_us=as_of_us):
        number = numbers.get(event.customer_id)
        if number is not None:
            amount, cut, reached = meaning.of(event)
            rows.extend([len(owner)] * len(reached))
            columns.extend(reached)
            owner.append(number)
            at_us.append(event.occurred_us)
            money.append(amount)
            capped.append(cut)
    reaches = np.zeros((len(owner), len(timeline.actions)), dtype=bool)
    reaches[np.array(rows), np.array(columns)] = True
    return Events(np.array(owner), np.array(at_us), np.array(money), np.array(capped), reaches)


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


def _converted(timeline: Timeline, events: Events, rows: Places, which: Places, catalog: Catalog) -> Booleans:
    out = np.zeros((len(timeline), len(timeline.actions)), dtype=bool)
    since = events.at_us[which] - timeline.decided_us[rows]
    for column, name in enumerate(timeline.actions):
        length = window_lengths(catalog).get(name, -1)
        out[rows[events.reaches[which, column] & (since <= length)], column] = True
    return out
