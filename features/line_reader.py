"""Whoever reads ahead: what lines are, and what they say to features, at once; which were kept is told later."""

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from features.backlog import Page, page_of
from features.contract.contract import NO_CONTRACTS, Contracts
from features.event_lines import decoded_line
from features.fact import Fact
from features.fact_columns import FactColumns
from features.fact_reader import FactReader, Index
from features.gathering.line_page import of_kept
from features.instant import to_us
from features.lines_ahead import FoundLines, KeptLines
from features.plain_event import PlainEvent
from features.plain_events import PlainEvents
from features.plain_reading import PlainReading
from features.receipt import Arrival
from features.record import event_fact

MOST_NAMES = 1_000_000
"""So many pairs of ids are numbered; then numbering begins anew, so that memory stays bounded."""
BLOCK = 1_000
"""Lines that are read together: few enough that what they say is still in the processor's cache when features look."""


Named = tuple[str, str]
"""A user id and an anonymous id, one of them perhaps ""."""


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
        self._plain = PlainReading(arrival, contracts)
        self._numbers: dict[Named, int] = {}
        self._read: deque[_Read] = deque()

    def read(self, lines: Sequence[bytes]) -> FoundLines:
        """What the lines of a batch are."""
        anew = len(self._numbers) > MOST_NAMES
        if anew:
            self._numbers.clear()
        known, n_known = self._numbers, len(self._numbers)
        read, found = _Read([], {}), FoundLines.none(len(lines), anew=anew)
        for start in range(0, len(lines), BLOCK):
            self._read_block(lines[start : start + BLOCK], start, read, found=found)
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

    def _read_block(self, lines: Sequence[bytes], start: int, read: _Read, *, found: FoundLines) -> None:
        taken = set[int]()
        for some, events in self._plain.many(lines):
            taken.update(some)
            places = np.array(some, dtype=np.intp) + start
            self._note(found, places, events.message_ids, named=events.named)
            found.occurred_us[places] = events.occurred_us
            read.pages.append(self._page(places, events))
        if len(taken) < len(lines):
            left = {start + place: decoded_line(line) for place, line in enumerate(lines) if place not in taken}
            plain = {place: event for place in left if (event := self._plain.one(lines[place - start], left[place]))}
            self._note_plain(plain, read, found)
            read.others.update((place, raw) for place, raw in left.items() if place not in plain)

    def _note(self, found: FoundLines, places: Index, message_ids: Sequence[str], *, named: Sequence[Named]) -> None:
        known = self._numbers
        for place, message_id in zip(places.tolist(), message_ids, strict=True):
            found.message_ids[place] = message_id
        found.owners[places] = [known.setdefault(each, len(known)) for each in named]

    def _note_plain(self, plain: Mapping[int, PlainEvent], read: _Read, found: FoundLines) -> None:
        """Note plain events that were read one by one, by place."""
        places, events = np.array(list(plain), dtype=np.intp), list(plain.values())
        self._note(found, places, [event[0] for event in events], named=[event[3] for event in events])
        found.occurred_us[places] = [event[4] for event in events]
        facts = [Fact(e[1], e[2], e[5], e[4], self._known_us(e[4]), e[6]) for e in events]
        read.pages.append(page_of(places, facts, self._reader))

    def _page(self, places: Index, events: PlainEvents) -> Page:
        """What plain events say; none is ahead of the moment that it was received at."""
        times = np.empty((len(places), 2), dtype=np.int64)
        times[:, 0] = events.occurred_us
        times[:, 1] = events.occurred_us if self._arrival.backfill else self._received_us
        occurred_us, known_us = times.T
        facts = FactColumns(events.type, events.name, events.properties, occurred_us, known_us, events.timezones)
        return Page(places, times, self._reader.read_alike(facts))

    def _fact(self, raw: Any, occurred_us: int) -> Fact:
        return event_fact(raw, occurred_us, self._known_us(occurred_us))

    def _known_us(self, occurred_us: int) -> int:
        return occurred_us if self._arrival.backfill else max(occurred_us, self._received_us)
