"""All views of many customers as one state: fewer and wider arrays than view by view."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from features.backlog import Backlog
from features.fact_reader import FactReader, Index
from features.hits_by_probe import HitsByProbe
from features.lift import View
from features.online_store import PackedRow
from features.packing import WIDTH, pack, unpack
from features.primitives import Array
from features.row_state import Stored
from features.runs import starts

_NEVER = np.iinfo(np.int64).min


class Whole:
    """Folds facts into every view at once.

    Parameters: `views`; `reader`, of all their probes.
    """

    def __init__(self, views: Sequence[View], reader: FactReader) -> None:
        self._names = [view.name for view in views]
        self._all = View("", [feature for view in views for feature in view.layout.features], reader=reader, ttl=None)
        joined = [column for view in views for column in view.columns]
        place = {column: position for position, column in enumerate(joined)}
        self._placed = np.array([place[column] for column in self._all.columns], dtype=np.intp)
        self._joined = np.argsort(self._placed)
        self._edges = list(pairwise(accumulate((len(view.columns) * WIDTH for view in views), initial=0)))
        self._nothing = [pack(np.full((1, len(view.columns)), np.nan))[0] for view in views]
        probes = np.arange(len(reader.probes))
        touches = [view.touched(probes).astype(np.int64) << nth for nth, view in enumerate(views)]
        self._touched = np.bitwise_or.reduce(touches, axis=0)

    def rows_after(self, chunk: Backlog, before: Stored) -> Iterator[PackedRow]:
        """The rows that are others after the facts of a chunk. Parameters: `before`, the rows of its customers."""
        if not len(chunk.hits.facts):
            return
        hits = HitsByProbe(chunk.hits, chunk.occurred_us, chunk.group)
        last, after = self._all.fold(hits, self._states(chunk.customers, before) if before else None)
        packed, known = pack(after[:, self._joined]), self._known(chunk, last)
        customers = [chunk.customers[place] for place in chunk.group[last].tolist()]
        touched, views = np.nonzero(known != _NEVER)
        for place, view, known_us in zip(touched.tolist(), views.tolist(), known[touched, views].tolist(), strict=True):
            customer_id, name, (start, end) = customers[place], self._names[view], self._edges[view]
            row = before.get(customer_id, {}).get(name)
            event_us = max(known_us, row.event_us) if row else known_us
            yield PackedRow(customer_id, name, event_us, event_us, packed[place][start:end])

    def _states(self, customers: Sequence[str], before: Stored) -> Array:
        """What is known of customers, shape (n_customers, n_state)."""
        nothing = list(zip(self._names, self._nothing, strict=True))
        rows = (before.get(customer, {}) for customer in customers)
        packed = [b"".join([held[n].state if n in held else empty for n, empty in nothing]) for held in rows]
        return unpack(packed, len(self._placed))[:, self._placed]

    def _known(self, chunk: Backlog, last: Index) -> NDArray[np.int64]:
        """When what touches a view became known last: that is the customer's last fact that does.

        Parameters: `last`, the last fact of each customer touched. Returns shape (n_customers touched, n_views).
        """
        first = starts(chunk.hits.facts)
        facts, touched = chunk.hits.facts[first], np.bitwise_or.reduceat(self._touched[chunk.hits.probes], first)
        rows, known = np.searchsorted(last, facts), np.full((len(last), len(self._names)), _NEVER)
        for view in range(len(self._names)):
            chosen = touched & (1 << view) != 0
            known[rows[chosen], view] = chunk.known_us[facts[chosen]]  # of equal rows, the last one stays
        return known
