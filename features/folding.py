"""Folding facts: the state that all facts of a customer make together, at the cost of what they write.

A fact writes a few of many columns. What one probe read lies together by customer, and every feature that looks at
nothing else is summed up from there, all those of one kind at once, by the `fold` of their kind. Features that look at
more (opened and closed, the current visit) are summed up over the facts that any of their probes read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np

from features.feature import Feature
from features.hits_by_probe import HitsByProbe, ProbeHits
from features.primitives import BITS, SECOND_US, Array, Block, Part, Primitive
from features.runs import Runs, starts
from features.selector import Probe
from features.state import Layout

Index = np.ndarray[tuple[int, ...], np.dtype[np.intp]]


class Folding:
    """Sums up what facts write into the columns of a layout. Parameters: `probes`, by which number they are known."""

    def __init__(self, layout: Layout, probes: Mapping[Probe, int]) -> None:
        place = {name: position for position, name in enumerate(layout.columns)}
        told = [feature for feature in layout.features if feature.primitive.parts()]
        self._n_columns = len(layout.columns)
        self._bundles = [_Bundle(alike, probes, place) for alike in _alike(told)]
        self._probes = sorted({probe for bundle in self._bundles for probe in bundle.probes})

    def total(self, hits: HitsByProbe) -> tuple[Index, Array]:
        """The last fact of each customer that is touched, and the state of each, NaN of what nothing was written of."""
        last = hits.last_of(self._probes)
        owners = hits.group[last]
        row = np.zeros(int(owners[-1]) + 1 if len(owners) else 0, dtype=np.intp)
        row[owners] = np.arange(len(owners))
        state = np.full((len(last), self._n_columns), np.nan)
        for bundle in self._bundles:
            bundle.fold(hits, row, state)
        return last, state


def _alike(features: Iterable[Feature]) -> list[list[Feature]]:
    """The features of one kind that look at the same probes, part by part; of a kind that shares a part, all."""

    def looks(feature: Feature) -> tuple[str, str]:
        parts = feature.primitive.parts()
        probes = [part.probe for part in parts]
        return feature.primitive.kind, "" if any(part.shared for part in parts) else repr(probes)

    return [list(alike) for _, alike in groupby(sorted(features, key=looks), key=looks)]


class _Bundle:
    """Features that are summed up at once."""

    def __init__(self, features: Sequence[Feature], probes: Mapping[Probe, int], place: Mapping[str, int]) -> None:
        primitive: Primitive = features[0].primitive
        self._fold: Callable[[Block, Runs, Array], Block] = type(primitive).fold
        self._parameter = np.array([[feature.primitive.parameter for feature in features]])
        self._parts: list[_Written] = []
        self._columns: list[Index] = []
        for parts in zip(*(feature.primitive.parts() for feature in features), strict=True):
            told = list(zip(features, parts, strict=True))[: 1 if parts[0].shared else None]
            self._parts.append(_Written([part for _, part in told], probes))
            self._columns.append(np.array([[place[name] for name in f.columns_of(part)] for f, part in told]))
        self.probes = sorted({probe for part in self._parts for probe in part.probes})

    def fold(self, hits: HitsByProbe, row: Index, state: Array) -> None:
        """Write the states of all customers that are touched; `row` has the row of each in `state`."""
        found = [each for each in map(hits.of, self.probes) if each is not None]
        if not found:
            return
        if len(self.probes) == 1:
            facts, first = found[0].facts, found[0].first
            block = tuple(part.alone(found[0]) for part in self._parts)
        else:
            facts, place = hits.facts_of(found)
            first = starts(hits.group[facts])
            block = tuple(part.together(place, len(facts), hits) for part in self._parts)
        rows = row[hits.group[facts[first]]]
        for columns, values in zip(
            self._columns, self._fold(block, Runs(first, len(facts)), self._parameter), strict=True
        ):
            state[rows[:, None, None], columns] = values.reshape(len(rows), -1, columns.shape[1])


class _Written:
    """One part of features that are summed up at once: what each writes, and for which probe."""

    def __init__(self, parts: Sequence[Part], probes: Mapping[Probe, int]) -> None:
        self.probes = [probes[part.probe] for part in parts]
        self._takes = parts[0].takes
        self._cells = parts[0].cells
        self._of = np.array([part.of for part in parts])

    def alone(self, found: ProbeHits) -> Array:
        """What each fact writes, where all features look at one probe: as `together`, or (n, 1) where all are alike."""
        return self._placed(self._taken(found, self._of), found)

    def together(self, place: Index, n: int, hits: HitsByProbe) -> Array:
        """What each of n facts writes, each feature by its own probe: shape (n, n_features), with cells a third axis.

        Parameters: `place`, by position of a fact, its place among the n.
        """
        numbers = np.full((n, len(self.probes), self._cells), np.nan)
        for nth, probe in enumerate(self.probes):
            found = hits.of(probe)
            if found is not None:
                taken = self._taken(found, self._of[nth : nth + 1])[:, 0]
                numbers[place[found.facts], nth, self._cell(found)] = taken
        return numbers if self._cells > 1 else numbers[:, :, 0]

    def _taken(self, found: ProbeHits, of: Array) -> Array:
        """The number that is written for what was read; see `Part`."""
        values, times = found.values[:, None], found.times[:, None]
        match self._takes:
            case "value":
                return values
            case "one":
                return np.ones_like(values)
            case "match":
                return np.equal(values, of).astype(np.float64)
            case "time":
                return times
            case "second":
                return np.floor_divide(times, SECOND_US)
            case _:
                return np.ldexp(1.0, (values % BITS).astype(np.intp))

    def _placed(self, numbers: Array, found: ProbeHits) -> Array:
        """The numbers, each in one of the cells."""
        if self._cells == 1:
            return numbers
        placed = np.full((*numbers.shape, self._cells), np.nan)
        placed[np.arange(len(numbers)), :, self._cell(found)] = numbers
        return placed

    def _cell(self, found: ProbeHits) -> Index | int:
        """The cell of each: by its bit, else by its half hour."""
        if self._cells == 1:
            return 0
        return (found.values // BITS).astype(np.intp) if self._takes == "bit" else found.half_hours % self._cells
