"""What a growing range of the ledger says to features: read along by identifier, and by customer once it is complete.

Identifiers never change, customers do: so nothing that was read is read again because customers became one, and whoever
follows a load asks only at its end who is who. Facts lie in a temporary file meanwhile, so memory does not grow with
them (it does with identifiers, 4 bytes each, and customers, about 80).
"""

from collections.abc import Container, Iterator, Sequence
from itertools import pairwise
from typing import Self

import numpy as np

from features.backlog import Backlog, Page, joined, page_of, sorted_backlog
from features.dead_letter import DeadLetters
from features.fact_reader import FactReader, Hits
from features.gathering.customers import Customers, customers_of
from features.gathering.page_file import PageFile, Place
from features.ledger import Ledger
from features.record import Told

PART = 400_000
"""Facts that are sorted at once, about."""
_PAGE, _A_LITTLE = 50_000, 5_000


class Gathered:
    """The facts of the records (after, seq].

    Parameters: `ledger`; `reader`, what is read of a fact; `after`, the record before the first. `letters` are those
    that cannot be read.
    """

    def __init__(self, ledger: Ledger, reader: FactReader, *, after: int) -> None:
        self.after = after
        self.seq = after
        self.letters = DeadLetters()
        self._ledger = ledger
        self._reader = reader
        self._file = PageFile(ledger.path.parent)
        self._places: list[Place] = []
        self._taken: list[tuple[int, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.__exit__()

    def extend(self, until: int) -> None:
        """Read on, up to a record that is in the ledger; but not what was taken."""
        for after, last in self._gaps(until):
            self._read(after, last)
        self.seq = max(until, self.seq)

    def fill(self) -> bool:
        """Read a little of what was not taken before the last that was; whether there was any."""
        gap = next(self._gaps(self._taken[-1][0] - 1), None) if self._taken else None
        if gap is not None:
            after, last = gap
            self.extend(min(last, after + _A_LITTLE))
        return gap is not None

    def take(self, first: int, last: int, page: Page) -> None:
        """Take what somebody else read of the records [first, last], of all of them, by node.

        What was read already is not taken again. Ranges come in their order.
        """
        if first > self.seq:
            self._keep(page)
            self._taken.append((first, last))

    def _gaps(self, until: int) -> Iterator[tuple[int, int]]:
        """The records after `seq` that were not taken, each range as (after, last]."""
        after = self.seq
        for first, last in self._taken:
            if after < min(first - 1, until):
                yield after, min(first - 1, until)
            after = max(after, last)
        if after < until:
            yield after, until

    def _read(self, after: int, until: int) -> None:
        held: list[Told] = []
        for page in self._ledger.told(after, until):
            held += page
            if len(held) >= _PAGE:
                self._keep_told(held)
                held = []
        self._keep_told(held)

    def backlogs(self, *, without: Container[str] = ()) -> Iterator[Backlog]:
        """Everything, in parts of whole customers, by today's links; but for some customers."""
        customers = customers_of(self._ledger, without=without)
        n_parts = sum(place.n_facts for place in self._places) // PART + 1
        edges = [len(customers.ids) * nth // n_parts for nth in range(n_parts + 1)]
        with PageFile(self._ledger.path.parent) as file:
            pieces = self._split(customers, edges, file)
            for nth, places in enumerate(pieces):
                ids = customers.ids[edges[nth] : edges[nth + 1]]
                yield sorted_backlog(ids, list(map(file.read, places)))

    def _keep_told(self, records: Sequence[Told]) -> None:
        said = [
            (record.node, fact)
            for record in records
            if record.node is not None
            for fact in self.letters.facts_in(record)
        ]
        self._keep(page_of([node for node, _ in said], [fact for _, fact in said], self._reader))

    def _keep(self, page: Page) -> None:
        if len(page.group):
            self._places.append(self._file.append(page))

    def _split(self, customers: Customers, edges: Sequence[int], file: PageFile) -> list[list[Place]]:
        """Every page cut by part, its facts' owners counted from the part's first."""
        parts: list[list[Place]] = [[] for _ in edges[1:]]
        for place in self._places:
            page = _ordered(self._file.read(place), customers)
            cuts = np.searchsorted(page.group, edges).tolist()
            for nth, (start, end) in enumerate(pairwise(cuts)):
                if start < end:
                    parts[nth].append(file.append(_cut(page, start, end, first=edges[nth])))
        return parts


def _ordered(page: Page, customers: Customers) -> Page:
    """A page by customer, as `customers` has them, instead of by identifier."""
    owner = customers.places(page.group)
    order = np.argsort(owner, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return Page(owner[order], page.times[order], joined([page.hits], place))


def _cut(page: Page, start: int, end: int, *, first: int) -> Page:
    low, high = np.searchsorted(page.hits.facts, [start, end])
    hits = Hits(page.hits.facts[low:high] - start, page.hits.probes[low:high], page.hits.values[low:high])
    return Page(page.group[start:end] - first, page.times[start:end], hits)
