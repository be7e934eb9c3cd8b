"""From facts to state: which facts touch a view, and the state that each of them has alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.fact import Fact
from features.feature import Feature
from features.primitives import Array
from features.selector import Probe, Reading
from features.state import Layout

Index = NDArray[np.intp]


class Hits(NamedTuple):
    """What one probe read: positions of facts, and the number read from each."""

    facts: Index
    values: Array


class FactReader:
    """Runs every probe over facts, looking only at those of the fact's type and name."""

    def __init__(self, probes: Iterable[Probe]) -> None:
        self.probes = tuple(dict.fromkeys(probes))
        self._named: dict[tuple[str, str], tuple[tuple[int, Reading | None], ...]] = {}
        self._typed: dict[str, tuple[tuple[int, Reading | None], ...]] = {}
        for fact_type in {t for probe in self.probes for t in probe.selector.types}:
            self._typed[fact_type] = self._readings(fact_type, None)
            for name in {n for probe in self.probes for n in probe.selector.names}:
                self._named[fact_type, name] = self._readings(fact_type, name)

    def _readings(self, fact_type: str, name: str | None) -> tuple[tuple[int, Reading | None], ...]:
        return tuple(
            (index, None if probe.always else probe.read)
            for index, probe in enumerate(self.probes)
            if fact_type in probe.selector.types and (not probe.selector.names or name in probe.selector.names)
        )

    def read(self, facts: Sequence[Fact]) -> tuple[Hits, ...]:
        """The hits of each probe, in the order of `probes`."""
        rows: list[list[int]] = [[] for _ in self.probes]
        values: list[list[float]] = [[] for _ in self.probes]
        for row, fact in enumerate(facts):
            readings = self._named.get((fact.type, fact.name)) or self._typed.get(fact.type, ())
            for probe, reading in readings:
                value = 1.0 if reading is None else reading(fact.properties)
                if value is not None:
                    rows[probe].append(row)
                    values[probe].append(value)
        return tuple(Hits(np.array(r, dtype=np.intp), np.array(v)) for r, v in zip(rows, values, strict=True))


@dataclass(frozen=True, slots=True)
class Source:
    """The columns of a view that one probe writes: its number, or the fact's time."""

    probe: int
    value_columns: Index
    time_columns: Index


class View:
    """One row of state for each customer: some features, kept and read together.

    Parameters: `reader` has the probes of all its features; `ttl`, how long a row that nothing changes is believed
    (None: for ever).
    """

    def __init__(self, name: str, features: Sequence[Feature], *, reader: FactReader, ttl: timedelta | None) -> None:
        self.name = name
        self.ttl = ttl
        self.layout = Layout(features)
        self._sources = tuple(_sources(self.layout, reader))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the state columns."""
        return self.layout.columns

    def lift(self, hits: Sequence[Hits], occurred_us: Array) -> tuple[Index, Array]:
        """The facts that touch this view, and the state each of them has alone.

        Parameters: `occurred_us`, shape (n_facts,). Returns positions, shape (n,), ascending, and states (n, n_state).
        """
        found = [hits[source.probe].facts for source in self._sources]
        touched = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.intp)
        state = np.full((len(touched), len(self.columns)), np.nan)
        for source in self._sources:
            facts, values = hits[source.probe]
            rows = np.searchsorted(touched, facts)[:, None]
            state[rows, source.value_columns] = values[:, None]
            state[rows, source.time_columns] = occurred_us[facts][:, None]
        return touched, state

    def fold(self, hits: Sequence[Hits], occurred_us: Array, *, group: Index, before: Array) -> tuple[Index, Array]:
        """The state of each customer after the facts: (groups touched, their states).

        Parameters: `group`, shape (n_facts,), the customer of each fact as a row of `before`, which has shape
        (n_groups, n_state).
        """
        touched, alone = self.lift(hits, occurred_us)
        changed = np.unique(group[touched])
        owner = np.concatenate([changed, group[touched]])
        order = np.argsort(owner, kind="stable")
        running = self.layout.running(np.concatenate([before[changed], alone])[order], owner[order])
        return changed, running[np.searchsorted(owner[order], changed, side="right") - 1]


def _sources(layout: Layout, reader: FactReader) -> Iterable[Source]:
    column = {name: position for position, name in enumerate(layout.columns)}
    written = [
        (reader.probes.index(part.probe), part.takes, column[name])
        for feature in layout.features
        for name, part in zip(feature.columns, feature.primitive.parts(), strict=True)
    ]
    for probe in sorted({probe for probe, _, _ in written}):
        values = [place for p, takes, place in written if p == probe and takes == "value"]
        times = [place for p, takes, place in written if p == probe and takes == "time"]
        yield Source(probe, np.array(values, dtype=np.intp), np.array(times, dtype=np.intp))
