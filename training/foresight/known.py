"""Who was known since when, and the events that are foreseen: one pass over the ledger for all of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.ledger import Ledger
from features.number import is_usual
from features.stated_currency import is_in
from training.encoding import Floats
from training.foresight.subject import Subject
from training.goal_event import GoalEvent, each_goal_event

NEVER = 2**62
_FIRST_SEEN = """
    SELECT customer_id, min(first_us) FROM identifier
    WHERE customer_id NOTNULL AND first_us NOTNULL GROUP BY customer_id ORDER BY customer_id
"""


class Told(NamedTuple):
    """Events of one name in order of time: arrays (n_events,) of the customer's place, the time, the answer."""

    owner: NDArray[np.int64]
    at_us: NDArray[np.int64]
    answer: Floats

    def where(self, rows: NDArray[np.bool_]) -> "Told":
        """Some of the events."""
        return Told(self.owner[rows], self.at_us[rows], self.answer[rows])

    def added_up(self, after_us: int, until_us: int, *, n_customers: int) -> Floats:
        """What each customer's answers in (after, until] come to, (n_customers,)."""
        rows = (self.at_us > after_us) & (self.at_us <= until_us)
        total = np.bincount(self.owner[rows], weights=self.answer[rows], minlength=n_customers)
        return total.astype(np.float64)

    def next_after(self, at_us: int, *, n_customers: int) -> tuple[NDArray[np.int64], Floats]:
        """Each customer's first event later than a moment: its time (`NEVER` where none comes) and answer."""
        times, answers = np.full(n_customers, NEVER, dtype=np.int64), np.full(n_customers, np.nan)
        backwards = np.flatnonzero(self.at_us > at_us)[::-1]
        times[self.owner[backwards]] = self.at_us[backwards]
        answers[self.owner[backwards]] = self.answer[backwards]
        return times, answers


@dataclass(frozen=True, slots=True)
class Known:
    """Everybody by customer id, arrays (n_customers,), and the events by name, in order of time."""

    customer_id: NDArray[np.object_]
    since_us: NDArray[np.int64]
    events: Mapping[str, Sequence[GoalEvent]]

    def __len__(self) -> int:
        return len(self.customer_id)

    def tells(self, subject: Subject) -> bool:
        """Whether the log has such events, with the number that is asked for."""
        return any(told_of(each, subject) for each in self.events.get(subject.event, ()))

    def told(self, event: str, *, answer: str = "", currency: str = "") -> Told:
        """The events of one name; with `answer`, those alone that give this number, in no other currency than this."""
        place = {customer: index for index, customer in enumerate(self.customer_id)}
        rows = [
            (place[each.customer_id], each.occurred_us, _number(each.properties.get(answer)))
            for each in self.events.get(event, ())
            if each.customer_id in place and (not currency or is_in(each.properties, currency))
        ]
        owner, at_us, answers = zip(*rows, strict=True) if rows else ((), (), ())
        found = Told(np.array(owner, np.int64), np.array(at_us, np.int64), np.array(answers, np.float64))
        return found.where(np.isfinite(found.answer)) if answer else found


def read_known(ledger: Ledger, subjects: Iterable[Subject], *, until_us: int) -> Known:
    """Read whoever is known, and the events of all subjects up to a moment."""
    with ledger.read() as connection:
        seen = dict(connection.execute(_FIRST_SEEN).fetchall())
    names = {name for subject in subjects for name in (subject.event, subject.gone) if name}
    events: dict[str, list[GoalEvent]] = defaultdict(list)
    for event in each_goal_event(ledger, names, after_us=-NEVER, until_us=until_us):
        events[event.name].append(event)
    return Known(np.array(list(seen), dtype=object), np.array(list(seen.values()), dtype=np.int64), dict(events))


def told_of(event: GoalEvent, subject: Subject) -> bool:
    """Whether an event of the subject's name has the number that is asked for, where one is, in its currency."""
    if subject.currency and not is_in(event.properties, subject.currency):
        return False
    return not subject.number or is_usual(_number(event.properties.get(subject.number)))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return float("nan")
    return float(value) if is_usual(value) else float("nan")
