"""A batch of lines that was read ahead: what was found, completed by what is read here, and what became of it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.bulk_load import ParsedBatch
from features.event_columns import EventColumns
from features.event_lines import RawEvent
from features.event_log import Appended
from features.lines_ahead import Ahead, FoundLines, KeptLines, NamedLines
from features.owners import Owners

EARLY = 6
"""Batches that are handed over before the first of them is asked for."""


@dataclass(frozen=True, slots=True)
class BatchAhead:
    """Lines, and what was found in them.

    Parameters: `start`, the place of the first; `owners`, whose those are that are plain events, and `named`, their
    identifiers.
    """

    start: int
    lines: Sequence[bytes]
    found: FoundLines
    owners: Owners
    named: NamedLines

    def completed(self, read: Callable[[Sequence[int]], ParsedBatch]) -> ParsedBatch:
        """All that the lines are. Parameters: `read`, which is asked for the lines at some places, as they are."""
        others = np.flatnonzero(self.found.owners < 0).tolist()
        parsed = read(others)
        taken = [place - self.start for place in parsed.events.places]
        whole = EventColumns(
            range(self.start, self.start + len(self.lines)),
            _filled(self.found.message_ids, taken, parsed.events.message_ids),
            self.named.with_others(dict(zip(taken, parsed.events.identifiers, strict=True))),
            _filled(self.found.occurred_us.tolist(), taken, parsed.events.occurred_us),
            _filled(self.lines, taken, parsed.events.bodies),
            {taken[nth]: event for nth, event in parsed.events.telling.items()},
            self.owners,
        )
        left_out = set(others).difference(taken)
        places = [place for place in range(len(whole)) if place not in left_out] if left_out else range(len(whole))
        return ParsedBatch(whole.at(places), parsed.rejected, parsed.warned)

    def kept(self, appended: Appended) -> KeptLines:
        """What became of them."""
        fresh, owners = appended.fresh, self.found.owners
        places = np.array(fresh.places, dtype=np.intp) - self.start
        nodes = np.full(len(self.lines), -1, dtype=np.int64)
        nodes[places] = appended.nodes
        others = np.flatnonzero(owners[places] < 0).tolist()
        occurred_us = {int(places[nth]): fresh.occurred_us[nth] for nth in others}
        return KeptLines(appended.last - len(fresh) + 1, appended.last, nodes, occurred_us)


def sent_ahead(stream: Iterable[list[RawEvent]], ahead: Ahead) -> Iterator[tuple[int, list[RawEvent], list[bytes]]]:
    """Each batch with the place of its first element, and its lines where they were handed over: some batches early."""
    start, waiting = 0, deque[tuple[int, list[RawEvent], list[bytes]]]()
    for batch in stream:
        lines = _lines(batch)
        waiting.append((start, batch, lines if lines and ahead.send(lines) else []))
        start += len(batch)
        while waiting and (len(waiting) > EARLY or not waiting[0][2]):
            yield waiting.popleft()
    yield from waiting


def _lines(batch: Sequence[RawEvent]) -> list[bytes]:
    """The lines of a batch of nothing else, stripped; none of another batch."""
    lines = [raw.strip() for raw in batch if isinstance(raw, bytes)]
    return lines if len(lines) == len(batch) else []


def _filled(column: Sequence[Any], places: Sequence[int], values: Sequence[Any]) -> list[Any]:
    """The column with other values at some places."""
    filled = list(column)
    for place, value in zip(places, values, strict=True):
        filled[place] = value
    return filled
