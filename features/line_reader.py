"""Whoever reads ahead: what lines are, and what they say to features, at once; which were kept is told later."""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

from features.backlog import Page, page_of
from features.contract.contract import NO_CONTRACTS, Contracts
from features.event import Event
from features.event_body import MAX_BYTES
from features.event_lines import decoded_line
from features.fact import Fact
from features.fact_reader import FactReader
from features.gathering.line_page import of_kept
from features.instant import to_us
from features.lines_ahead import FoundLines, KeptLines
from features.plain_event import PlainEvent, plain_event
from features.receipt import Arrival
from features.record import event_fact

MOST_NAMES = 1_000_000
"""So many pairs of ids are numbered; then numbering begins anew, so that memory stays bounded."""
BLOCK = 2_000
"""Lines that are read together: few enough that what they say is still in the processor's cache when features look."""


class _Read(NamedTuple):
    """A batch: the facts of its plain events, each of its line's place; and by place what is no plain event."""

    pages: list[Page]
    others: dict[int, Any]


class LineReader:
    """Reads batches of lines, and remembers what they say to features until it is told what was kept of them.

    Parameters: `arrival`, how all of them came; `reader`, what features read of a fact; `contracts`, what the workspace
    agreed of events.
    """

    def __init__(self, arrival: Arrival, reader: FactReader, contracts: Contracts = NO_CONTRACTS) -> None:
        self._arrival = arrival
        self._received_us = to_us(arrival.received_at)
        self._reader = reader
        self._breach_of = contracts.breach
        self._numbers: dict[tuple[str, str], int] = {}
        self._read: deque[_Read] = deque()

    def read(self, lines: Sequence[bytes]) -> FoundLines:
        """What the lines of a batch are."""
        anew = len(self._numbers) > MOST_NAMES
        if anew:
            self._numbers.clear()
        known, n_known = self._numbers, len(self._numbers)
        read, found = _Read([], {}), FoundLines.none(len(lines), anew=anew)
        for start in range(0, len(lines), BLOCK):
            places, events = self._plain(lines[start : start + BLOCK], start, read.others)
            for place, event in zip(places, events, strict=True):
                found.message_ids[place] = event[0]
            found.owners[places] = [known.setdefault(event[3], len(known)) for event in events]
            found.occurred_us[places] = [event[4] for event in events]
            read.pages.append(page_of(places, self._facts(events), self._reader))
        self._read.append(read)
        named = list(islice(reversed(known), len(known) - n_known))
        return found._replace(named=named[::-1])

    def page(self, kept: KeptLines) -> Page:
        """What the kept lines of the oldest batch say to features, each fact with its node.

        Raises: one of `DEFECTS` where one cannot be read.
        """
        pages, others = self._read.popleft()
        told = {place: raw for place, raw in others.items() if kept.nodes[place] >= 0}
        facts = [self._fact(raw, kept.occurred_us[place]) for place, raw in told.items()]
        return of_kept([*pages, page_of(list(told), facts, self._reader)], kept.nodes)

    def _plain(self, lines: Sequence[bytes], start: int, others: dict[int, Any]) -> tuple[list[int], list[PlainEvent]]:
        """The plain events of some lines, each with its place; the others are noted."""
        places: list[int] = []
        events: list[PlainEvent] = []
        arrival, breach_of = self._arrival, self._breach_of
        latest, correct_clock, has_sender = arrival.received_at, not arrival.backfill, arrival.sent_at is not None
        for place, line in enumerate(lines, start):
            raw = decoded_line(line)
            event = plain_event(raw, latest=latest, correct_clock=correct_clock)
            if event is None or has_sender or len(line) > MAX_BYTES or (breach_of and breach_of(self._event(event))):
                others[place] = raw
            else:
                places.append(place)
                events.append(event)
        return places, events

    def _event(self, event: PlainEvent) -> Event:
        at = self._arrival.received_at
        return Event(event[0], event[1], event[2], (), at, at, event[5])

    def _facts(self, events: Sequence[PlainEvent]) -> list[Fact]:
        """What plain events say; none is ahead of the moment that it was received at."""
        new = tuple.__new__  # half the cost of a call of the class
        if self._arrival.backfill:
            return [new(Fact, (e[1], e[2], e[5], e[4], e[4], e[6])) for e in events]
        received_us = self._received_us
        return [new(Fact, (e[1], e[2], e[5], e[4], received_us, e[6])) for e in events]

    def _fact(self, raw: Any, occurred_us: int) -> Fact:
        known_us = occurred_us if self._arrival.backfill else max(occurred_us, self._received_us)
        return event_fact(raw, occurred_us, known_us)
