"""From facts to state: which facts touch a view, and the state that each of them has alone."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from features.fact_reader import FactReader, Hits, Index
from features.feature import Feature
from features.folding import Folding
from features.hits_by_probe import HitsByProbe
from features.primitives import Array
from features.runs import starts
from features.state import Layout
from features.writes import Writes


class View:
    """One row of state for each customer: some features, kept and read together.

    Parameters: `reader` has the probes of all its features; `ttl`, how long a row that nothing changes is believed
    (None: for ever).
    """

    def __init__(self, name: str, features: Sequence[Feature], *, reader: FactReader, ttl: timedelta | None) -> None:
        self.name = name
        self.ttl = ttl
        self.layout = Layout(features)
        self._writes = Writes(self.layout, reader)
        self._folding = Folding(self.layout, {probe: number for number, probe in enumerate(reader.probes)})

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the state columns."""
        return self.layout.columns

    def touched_by(self, hits: Hits) -> bool:
        """Whether any of the facts touches this view."""
        return bool(self.touched(hits.probes).any())

    def touched(self, probes: Index) -> NDArray[np.bool_]:
        """Whether what each of the probes reads touches this view."""
        return self._writes.any(probes)

    def lift(self, hits: Hits, occurred_us: Array) -> tuple[Index, Array]:
        """The facts that touch this view, and the state each of them has alone.

        Parameters: `occurred_us`, shape (n_facts,). Returns positions, shape (n,), ascending, and states (n, n_state).
        """
        hit, column, number = self._writes.of(hits, occurred_us)
        fact = hits.facts[hit]
        first = starts(fact)
        row = np.repeat(np.arange(len(first)), np.diff(first, append=len(fact)))
        state = np.full((len(first), len(self.columns)), np.nan)
        state[row, column] = number
        return fact[first], state

    def trace(self, hits: Hits, occurred_us: Array, *, group: Index, before: Array) -> tuple[Index, Array]:
        """The state after every fact that touches this view: (positions of facts, states).

        Parameters: `group`, shape (n_facts,), ascending: the customer of each fact, as a row of `before`, which has
        shape (n_groups, n_state).
        """
        touched, alone = self.lift(hits, occurred_us)
        owner = group[touched]
        first = starts(owner)
        alone[first] = self.layout.merge(before[owner[first]], alone[first])
        return touched, self.layout.running(alone, owner)

    def fold(self, hits: HitsByProbe, before: Array | None) -> tuple[Index, Array]:
        """The state after the last fact of each customer touched: (positions of facts, states); see `trace`.

        Parameters: `before`, shape (n_groups, n_state); None where nobody has a state yet.
        """
        last, total = self._folding.total(hits)
        return last, total if before is None else self.layout.merge(before[hits.group[last]], total)
