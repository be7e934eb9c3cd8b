"""Reading facts: every probe looks at the facts of its type and name, and at those alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.fact import Fact
from features.primitives import Array
from features.selector import Plain, Probe, Reading

Index = NDArray[np.intp]
_Reading = tuple[int, Reading]
"""A probe's number, and how it reads."""
_PLAIN = (str, int, float)


class Hits(NamedTuple):
    """What probes read from facts, ascending by fact; arrays of shape (n_hits,).

    Parameters: `facts`, positions; `probes`, which probe read; `values`, the number it read.
    """

    facts: Index
    probes: Index
    values: Array

    def moved(self, by: int) -> "Hits":
        """The same of facts so many positions later."""
        return Hits(self.facts + by, self.probes, self.values)


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

    def read_one(self, fact: Fact) -> tuple[tuple[int, ...], list[float]]:
        """What every probe reads of one fact: which did, and the number of each."""
        interested = (self._named.get((fact.type, fact.name)) or self._typed.get(fact.type, _NOBODY)).of(
            fact.properties
        )
        probes, values = list(interested.counting), [1.0] * len(interested.counting)
        for probe, reading in interested.reading:
            value = reading(fact)
            if value is not None:
                probes.append(probe)
                values.append(value)
        return tuple(probes), values

    def read(self, facts: Sequence[Fact]) -> Hits:
        """What every probe reads."""
        counting: list[int] = []
        n_counting: list[int] = []
        read: list[tuple[int, int, float]] = []
        named, typed = self._named, self._typed
        for row, fact in enumerate(facts):
            properties = fact.properties
            interested = (named.get((fact.type, fact.name)) or typed.get(fact.type, _NOBODY)).of(properties)
            counting += interested.counting
            n_counting.append(len(interested.counting))
            for probe, reading in interested.reading:
                value = reading(fact)
                if value is not None:
                    read.append((row, probe, value))
        return _hits(np.repeat(np.arange(len(facts)), n_counting), counting, read)


def _hits(rows: Index, counting: list[int], read: list[tuple[int, int, float]]) -> Hits:
    """Those that count, each 1.0, and those that read a number, in order of facts."""
    probes, values = np.array(counting, dtype=np.intp), np.ones(len(counting))
    if not read:
        return Hits(rows, probes, values)
    found = np.array(read, dtype=np.float64)
    rows = np.concatenate((rows, found[:, 0].astype(np.intp)))
    order = np.argsort(rows, kind="stable")
    probes = np.concatenate((probes, found[:, 1].astype(np.intp)))
    return Hits(rows[order], probes[order], np.concatenate((values, found[:, 2]))[order])


class _Alike(NamedTuple):
    """What is read of facts that are alike. Parameters: `counting`, probes that read 1.0; `reading`, all others."""

    counting: tuple[int, ...] = ()
    reading: tuple[_Reading, ...] = ()

    def and_of(self, other: "_Alike") -> "_Alike":
        """What both read."""
        return _Alike(self.counting + other.counting, self.reading + other.reading)


class _Interested:
    """The probes that look at facts of one type and name; those that want a property to have a value, by that value."""

    def __init__(self, probes: Iterable[tuple[int, Probe]]) -> None:
        self._free = _Alike()
        self._by_value: dict[str, dict[Plain, _Alike]] = {}
        for index, probe in probes:
            reading = probe.reading
            self._add(
                _Alike((index,)) if reading is None else _Alike((), ((index, reading),)), probe.selector.where[:1]
            )

    def _add(self, alike: _Alike, wanted: tuple[tuple[str, Plain], ...]) -> None:
        if not wanted:
            self._free = self._free.and_of(alike)
        for key, value in wanted:
            found = self._by_value.setdefault(key, {})
            found[value] = found.get(value, _Alike()).and_of(alike)

    def of(self, properties: Mapping[str, Any]) -> _Alike:
        """Those that may read a fact of these properties."""
        found = self._free
        for key, by_value in self._by_value.items():
            given = properties.get(key)
            if isinstance(given, _PLAIN) and given in by_value:
                found = found.and_of(by_value[given])
        return found


_NOBODY = _Interested(())
