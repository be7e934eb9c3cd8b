"""Reading facts: every probe looks at the facts of its type and name, and at those alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.bulk_reading import BulkReading
from features.fact import Fact
from features.fact_columns import FactColumns
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
        reading = [(number, probe, probe.reading) for number, probe in enumerate(self.probes)]
        self._bulk = {number: BulkReading(probe, read) for number, probe, read in reading if read is not None}
        self._named: dict[tuple[str, str], _Interested] = {}
        self._typed: dict[str, _Interested] = {}
        for fact_type in {t for probe in self.probes for t in probe.selector.types}:
            self._typed[fact_type] = self._interested(fact_type, None)
            for name in {n for probe in self.probes for n in (*probe.selector.names, *probe.selector.besides)}:
                self._named[fact_type, name] = self._interested(fact_type, name)

    def _interested(self, fact_type: str, name: str | None) -> "_Interested":
        return _Interested(
            (index, probe)
            for index, probe in enumerate(self.probes)
            if fact_type in probe.selector.types and probe.selector.names_one(name)
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
        """What every probe reads: of all facts that are alike at once."""
        rows_of: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for row, fact in enumerate(facts):
            rows_of[fact[:2]].append(row)
        found = [
            (hits, np.array(rows, dtype=np.intp))
            for rows in rows_of.values()
            for hits in self._read(FactColumns.of([facts[row] for row in rows]))
        ]
        return _sorted([Hits(rows[hits.facts], hits.probes, hits.values) for hits, rows in found])

    def read_alike(self, facts: FactColumns) -> Hits:
        """As `read`, of facts of one type and name."""
        return _sorted(list(self._read(facts)))

    def _read(self, facts: FactColumns) -> Iterator[Hits]:
        interested = self._named.get((facts.type, facts.name)) or self._typed.get(facts.type, _NOBODY)
        for alike, chosen in interested.split(facts):
            at, counting = np.array(chosen, dtype=np.intp), np.array(alike.counting, dtype=np.intp)
            n = len(at) * len(counting)
            yield Hits(np.repeat(at, len(counting)), np.tile(counting, len(at)), np.ones(n))
            told = facts if len(at) == len(facts) else facts.at(chosen)
            for probe, _ in alike.reading:
                places, values = self._bulk[probe].read(told)
                if len(places):
                    yield Hits(at[places], np.full(len(places), probe, dtype=np.intp), values)


def _sorted(found: Sequence[Hits]) -> Hits:
    """Everything that was found, by fact."""
    if not found:
        return Hits(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0))
    facts, probes, values = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.argsort(facts, kind="stable")
    return Hits(facts[order], probes[order], values[order])


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
        return self._free if self._by_value.keys().isdisjoint(properties) else self._wanting(self._given(properties))

    def split(self, facts: FactColumns) -> Iterable[tuple[_Alike, Sequence[int]]]:
        """Those that may read some facts, with the places of the facts that these read alike."""
        named = self._by_value.keys()
        if named.isdisjoint(facts.named):
            return [(self._free, range(len(facts)))]
        alike: defaultdict[tuple[Plain | None, ...], list[int]] = defaultdict(list)
        free = alike[self._given({})]
        for row, properties in enumerate(facts.properties):
            (free if named.isdisjoint(properties) else alike[self._given(properties)]).append(row)
        return [(self._wanting(given), chosen) for given, chosen in alike.items() if chosen]

    def _given(self, properties: Mapping[str, Any]) -> tuple[Plain | None, ...]:
        """The value of each property of which some is wanted; None of another one."""
        return tuple(
            [
                given if isinstance(given := properties.get(key), _PLAIN) and given in by_value else None
                for key, by_value in self._by_value.items()
            ]
        )

    def _wanting(self, given: tuple[Plain | None, ...]) -> _Alike:
        found = self._free
        for by_value, value in zip(self._by_value.values(), given, strict=True):
            if value is not None:
                found = found.and_of(by_value[value])
        return found


_NOBODY = _Interested(())
