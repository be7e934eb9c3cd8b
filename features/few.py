"""A few facts, taken into the rows of their customers one by one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from features.dead_letter import DeadLetters
from features.fact import Fact
from features.feature_set import FeatureSet
from features.online_store import PackedRow
from features.packing import pack_one, unpack_one
from features.record import Record
from features.row_state import Stored

MOST = 50
"""Beyond so many records at once, arrays are cheaper."""


class Few:
    """What records say of whom. Parameters: `facts`, by customer."""

    def __init__(self, facts: Mapping[str, Sequence[Fact]]) -> None:
        self._facts = facts

    @property
    def customers(self) -> Sequence[str]:
        """Everybody of whom they say something."""
        return list(self._facts)

    def chunks(self, _size: int) -> Iterator["Few"]:
        """All of them at once."""
        if self._facts:
            yield self

    def rows_after(self, before: Stored, features: FeatureSet) -> Iterator[PackedRow]:
        """The rows that are others after these facts. Parameters: `before`, the rows of the customers."""
        for customer_id, facts in self._facts.items():
            states = _States(customer_id, before, features)
            for fact in sorted(facts, key=_known_us):
                states.take(fact)
            yield from states.rows()


class _States:
    """One customer's states while facts are taken in, in order of when they became known."""

    def __init__(self, customer_id: str, before: Stored, features: FeatureSet) -> None:
        self._customer_id = customer_id
        self._before = before.get(customer_id, {})
        self._views = features.views
        self._take = features.steps.take
        self._states: dict[int, list[float]] = {}
        self._known_us: dict[int, int] = {}
        self._now_us = 0

    def take(self, fact: Fact) -> None:
        """Merge a fact into the states of the views that it touches."""
        self._now_us = fact.known_us
        self._take(fact, self._state)

    def rows(self) -> Iterator[PackedRow]:
        """The rows of the views that were touched."""
        for place, state in self._states.items():
            name = self._views[place].name
            held = self._before.get(name)
            event_us = max(self._known_us[place], held.event_us) if held else self._known_us[place]
            yield PackedRow(self._customer_id, name, event_us, event_us, pack_one(state))

    def _state(self, place: int) -> list[float]:
        self._known_us[place] = self._now_us
        state = self._states.get(place)
        if state is None:
            state = self._states[place] = self._stored(place)
        return state

    def _stored(self, place: int) -> list[float]:
        view = self._views[place]
        held = self._before.get(view.name)
        n_state = len(view.columns)
        return unpack_one(held.state, n_state) if held else [float("nan")] * n_state


def few_of(records: Iterable[Record], letters: DeadLetters) -> Few:
    """What records say; those that name no customer say nothing, and neither do those set aside."""
    facts: defaultdict[str, list[Fact]] = defaultdict(list)
    for record in records:
        if record.customer_id and (said := letters.facts_in(record)):
            facts[record.customer_id] += said
    return Few(facts)


def _known_us(fact: Fact) -> int:
    return fact.known_us
