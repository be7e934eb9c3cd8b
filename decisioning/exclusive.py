"""Sets of actions that exclude one another: within a list, and for some time after a contact with one of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from decisioning.customer import Contact


@dataclass(frozen=True, slots=True)
class Exclusive:
    """Actions of which a customer is offered one at a time.

    Parameters: `name`, shown as the reason; `within`, how long after a contact with one of them the others are not
    offered (0: they only never stand in one list).
    """

    name: str
    actions: tuple[str, ...]
    within: timedelta = timedelta(0)

    def stops(self, contacts: Sequence[Contact], *, now: datetime) -> dict[str, str]:
        """The actions that contacts rule out now, each with the reason in words."""
        recent = (each for each in contacts if each.counts(now) and now - each.at < self.within)
        met = sorted({each.action for each in recent}.intersection(self.actions))
        return {
            action: f"{self.name}: {other} within {self.within.days} days"
            for other in reversed(met)
            for action in self.actions
            if action != other
        }


def rivals_of(sets: Iterable[Exclusive], names: Collection[str]) -> dict[str, frozenset[str]]:
    """By action, those of these names that may not stand in one list with it; what has none is left out.

    >>> rivals_of([Exclusive("credit", ("card", "loan"))], {"card", "loan", "fund"})["card"]
    frozenset({'loan'})
    """
    rivals: dict[str, frozenset[str]] = {}
    for each in sets:
        for action in each.actions:
            rivals[action] = rivals.get(action, frozenset()).union(each.actions).intersection(names) - {action}
    return rivals


def stops_of(sets: Iterable[Exclusive], contacts: Sequence[Contact], *, now: datetime) -> Mapping[str, str]:
    """The actions that contacts rule out now, by the first set that does."""
    stops: dict[str, str] = {}
    for each in sets:
        stops = {**each.stops(contacts, now=now), **stops}
    return stops
