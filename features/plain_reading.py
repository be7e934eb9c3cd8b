"""Which of some lines are plain events that are as agreed: side by side where many are alike, else one by one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from features.contract.contract import Breach, Contracts
from features.event import Event
from features.event_body import MAX_BYTES
from features.plain_event import PlainEvent, plain_event
from features.plain_events import PlainEvents, alike, plain_events
from features.receipt import Arrival

FEW = 16
"""Fewer are read one by one."""


class PlainReading:
    """Parameters: `arrival`, how all lines came; `contracts`, what the workspace agreed of events."""

    def __init__(self, arrival: Arrival, contracts: Contracts) -> None:
        self._arrival = arrival
        self._breach_of: Callable[[Event], Breach | None] | None = contracts.breach
        self._correct_clock = not arrival.backfill

    def many(self, lines: Sequence[bytes]) -> Iterator[tuple[Sequence[int], PlainEvents]]:
        """Those that are read side by side, with their places."""
        if self._arrival.sent_at is not None or max(map(len, lines)) > MAX_BYTES:
            return
        for kind, name, told in alike(lines):
            if len(told.places) < FEW or (self._correct_clock and any(told.tell_when_sent)):
                continue
            events = plain_events(kind, name, told, latest=self._arrival.received_at)
            if events and not self._have_breach(events):
                yield told.places, events

    def one(self, line: bytes, raw: Any) -> PlainEvent | None:
        """The event, if it is a plain one."""
        if self._arrival.sent_at is not None or len(line) > MAX_BYTES:
            return None
        event = plain_event(raw, latest=self._arrival.received_at, correct_clock=self._correct_clock)
        return None if event is None or self._is_breach(event[1], event[2], event[5]) else event

    def _have_breach(self, events: PlainEvents) -> bool:
        """Whether there is something to say of any of them."""
        if self._breach_of is None:
            return False
        return any(self._is_breach(events.type, events.name, each) for each in events.properties)

    def _is_breach(self, kind: str, name: str, properties: Mapping[str, Any]) -> bool:
        """Whether there is something to say of an event by its contract."""
        at = self._arrival.received_at
        return bool(self._breach_of and self._breach_of(Event("", kind, name, (), at, at, properties)))
