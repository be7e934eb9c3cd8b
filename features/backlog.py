"""Records not yet applied, read once: per customer in order of when they became known, as columns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.dead_letter import DeadLetters
from features.fact import Fact
from features.fact_reader import FactReader, Hits, Index
from features.primitives import Array
from features.record import Record
from features.runs import starts

PAGE = 20_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """What records say to features, by customer and then by when it became known.

    Only what features read of a fact is kept (about 100 bytes a fact), never its properties.

    Parameters: `customers`, the ids that `group`, shape (n_facts,), ascending, points into; `occurred_us` and
    `known_us`, shape (n_facts,), microseconds since the epoch; `hits`, by position of the fact.
    """

    customers: Sequence[str]
    group: Index
    occurred_us: Array
    known_us: NDArray[np.int64]
    hits: Hits

    def __len__(self) -> int:
        return len(self.group)

    def chunks(self, size: int) -> Iterator["Backlog"]:
        """The same in pieces of whole customers, about `size` facts each."""
        start = 0
        while start < len(self):
            last = self.group[min(start + size, len(self)) - 1]
            end = int(np.searchsorted(self.group, last, side="right"))
            yield self if end - start == len(self) else self._piece(start, end)
            start = end

    def _piece(self, start: int, end: int) -> "Backlog":
        first, last = int(self.group[start]), int(self.group[end - 1])
        low, high = np.searchsorted(self.hits.facts, [start, end])
        hits = self.hits
        return Backlog(
            self.customers[first : last + 1],
            self.group[start:end] - first,
            self.occurred_us[start:end],
            self.known_us[start:end],
            Hits(hits.facts[low:high] - start, hits.probes[low:high], hits.values[low:high]),
        )


def gather(records: Iterable[Record], reader: FactReader, letters: DeadLetters) -> Backlog:
    """Read records, page by page; those that name no customer say nothing, and neither do those set aside.

    Parameters: `letters` takes the records that cannot be read.
    """
    customers: dict[str, int] = {}
    pages: list[Page] = []
    stream = iter(records)
    while page := list(islice(stream, PAGE)):
        said = [
            (record.customer_id, fact) for record in page if record.customer_id for fact in letters.facts_in(record)
        ]
        group = [customers.setdefault(customer_id, len(customers)) for customer_id, _ in said]
        pages.append(page_of(group, [fact for _, fact in said], reader))
    return sorted_backlog(list(customers), pages)


class Page(NamedTuple):
    """Facts in the order of the ledger.

    Parameters: `group`, whose each is; `times`, shape (n_facts, 2), when it occurred and became known; `hits`, by
    position in the page.
    """

    group: Index
    times: NDArray[np.int64]
    hits: Hits


def page_of(group: Sequence[int] | Index, facts: Sequence[Fact], reader: FactReader) -> Page:
    """What features read of facts."""
    times = np.empty((len(facts), 2), dtype=np.int64)
    times[:, 0], times[:, 1] = list(map(_OCCURRED, facts)), list(map(_KNOWN, facts))
    return Page(np.asarray(group, dtype=np.intp), times, reader.read(facts))


_OCCURRED, _KNOWN = attrgetter("occurred_us"), attrgetter("known_us")


def sorted_backlog(customers: Sequence[str], pages: Sequence[Page]) -> Backlog:
    """Pages, of customers in whatever order, by customer and then by when it became known."""
    group = np.concatenate([page.group for page in pages] or [np.empty(0, dtype=np.intp)])
    occurred_us, known_us = np.concatenate([page.times for page in pages] or [np.empty((0, 2), dtype=np.int64)]).T
    order = np.lexsort((known_us, group))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    before = np.cumsum([0, *(len(page.group) for page in pages)]).tolist()
    hits = joined([page.hits.moved(by) for page, by in zip(pages, before[:-1], strict=True)], place)
    first = starts(group[order])
    told = [customers[place] for place in group[order][first].tolist()]
    group = np.repeat(np.arange(len(first)), np.diff(first, append=len(order)))
    return Backlog(told, group, occurred_us[order].astype(np.float64), known_us[order], hits)


def joined(found: Sequence[Hits], place: Index) -> Hits:
    """All hits, each at the new place of its fact, ascending."""
    if not found:
        return Hits(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0))
    facts = place[np.concatenate([hits.facts for hits in found])]
    order = np.argsort(facts, kind="stable")
    probes, values = (np.concatenate([hits.probes for hits in found]), np.concatenate([hits.values for hits in found]))
    return Hits(facts[order], probes[order], values[order])
