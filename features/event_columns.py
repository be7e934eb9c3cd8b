"""Events side by side, as the ledger takes them: a column of each thing that a record needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from features.event import Event
from features.hold_table import is_hold
from features.identifier import Identifier
from features.instant import to_us
from features.owners import Owners
from features.segment import CONSENT_UPDATED


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events that came together, in their order.

    Parameters: `places`, where each stood in what was sent; `telling`, by place in the columns, the whole of those that
    say more than their record: of the profile, consent, holds or groups; `owners`, whose they are by number, where
    whoever read them gave numbers.
    """

    places: Sequence[int]
    message_ids: list[str]
    identifiers: Sequence[tuple[Identifier, ...]]
    occurred_us: list[int]
    bodies: list[bytes]
    telling: dict[int, Event] = field(default_factory=dict)
    owners: Owners | None = None

    def __len__(self) -> int:
        return len(self.message_ids)

    def at(self, places: Sequence[int]) -> "EventColumns":
        """Those at some places alone, ascending."""
        if len(places) == len(self):
            return self
        return EventColumns(
            [self.places[place] for place in places],
            [self.message_ids[place] for place in places],
            [self.identifiers[place] for place in places],
            [self.occurred_us[place] for place in places],
            [self.bodies[place] for place in places],
            {new: self.telling[old] for new, old in enumerate(places) if old in self.telling},
            self.owners and self.owners.at(places),
        )


def columns_of(events: Sequence[Event], places: Sequence[int] | None = None) -> EventColumns:
    """Events as columns. Parameters: `places`, where each stood in what was sent; as they are given, where left out."""
    return EventColumns(
        range(len(events)) if places is None else places,
        [event.message_id for event in events],
        [event.identifiers for event in events],
        [to_us(event.occurred_at) for event in events],
        [event.body for event in events],
        {place: event for place, event in enumerate(events) if is_telling(event)},
    )


def is_telling(event: Event) -> bool:
    """Whether an event says more than its record."""
    return event.type in ("identify", "group") or event.name == CONSENT_UPDATED or is_hold(event)
