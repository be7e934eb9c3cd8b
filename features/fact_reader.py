"""Reading facts: every probe looks at the facts of its type and name, and at those alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.fact import Fact
from features.primitives import Array
from features.selector import Plain, Probe, Reading

Index = NDArray[np.intp]
_Probing = tuple[int, Reading | None]
"""A probe's number, and how it reads; None where it reads 1.0."""
_PLAIN = (str, int, float)


class Hits(NamedTuple):
    """What probes read from facts, ascending by fact; arrays of shape (n_hits,).

    Parameters: `facts`, positions; `probes`, which probe read; `values`, the number it read.
    """

    facts: Index
    probes: Index
    values: Array


class FactReader:
    """Runs every probe over facts."""

    def __init__(self, probes: Iterable[Probe]) -> None:
        self.probes = tuple(dict.fromkeys(probes))
        self._named: dict[tuple[str, str], _Interested] = {}
        self._typed: dict[str, _Interested] = {}
        for fact_type in {t for probe in self.probes for t in probe.selector.types}:
            self._typed[fact_type] = self._interested(fact_type, None)
            for name in {n for probe in self.probes for n in probe.selector.names}:
                self._named[fact_type, name] = self._interested(fact_type, name)

    def _interested(self, fact_type: str, name: str | None) -> "_Interested":
        return _Interested(
            (index, probe)
            for index, probe in enumerate(self.probes)
            if fact_type in probe.selector.types and (not probe.selector.names or name in probe.selector.names)
        )

    def read(self, facts: Sequence[Fact]) -> Hits:
        """What every probe reads."""
        rows: list[int] = []
        probes: list[int] = []
        values: list[float] = []
        for row, fact in enumerate(facts):
            interested = self._named.get((fact.type, fact.name)) or self._typed.get(fact.type, _NOBODY)
            for probe, reading in interested.of(fact.properties):
                value = 1.0 if reading is None else reading(fact.properties)
                if value is not None:
                    rows.append(row)
                    probes.append(probe)
                    values.append(value)
        return Hits(np.array(rows, dtype=np.intp), np.array(probes, dtype=np.intp), np.array(values))


class _Interested:
    """The probes that look at facts of one type and name; those that want a property to have a value, by that value."""

    def __init__(self, probes: Iterable[tuple[int, Probe]]) -> None:
        self._free: tuple[_Probing, ...] = ()
        self._by_value: dict[str, dict[Plain, tuple[_Probing, ...]]] = {}
        for index, probe in probes:
            self._add((index, probe.reading), probe.selector.where[:1])

    def _add(self, probing: _Probing, wanted: tuple[tuple[str, Plain], ...]) -> None:
        if not wanted:
            self._free += (probing,)
        for key, value in wanted:
            probings = self._by_value.setdefault(key, {})
            probings[value] = (*probings.get(value, ()), probing)

    def of(self, properties: Mapping[str, Any]) -> tuple[_Probing, ...]:
        """Those that may read a fact of these properties."""
        found = self._free
        for key, probings in self._by_value.items():
            given = properties.get(key)
            if isinstance(given, _PLAIN):
                found += probings.get(given, ())
        return found


_NOBODY = _Interested(())
