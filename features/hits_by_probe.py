"""Hits in order of their probes: what one probe read lies together, by customer."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from features.fact_reader import Hits, Index
from features.primitives import HALF_HOUR_US, Array
from features.runs import changes, starts


@dataclass(frozen=True)
class ProbeHits:
    """What one probe read: shape (n,), ascending by fact.

    Parameters: `facts`, positions; `values`, the number read; `times`, when each occurred, in microseconds; `first`,
    where each customer's begin.
    """

    facts: Index
    values: Array
    times: Array
    first: Index

    @cached_property
    def half_hours(self) -> Index:
        """In which half hour of the clock each occurred."""
        return self.times.astype(np.int64) // int(HALF_HOUR_US)


class HitsByProbe:
    """Hits of facts, of all probes.

    Parameters: `occurred_us`, shape (n_facts,); `group`, shape (n_facts,), ascending: whose each fact is.
    """

    def __init__(self, hits: Hits, occurred_us: Array, group: Index) -> None:
        self._occurred_us = occurred_us
        self.group = group
        order = np.argsort(hits.probes.astype(np.uint16), kind="stable")
        self._facts, self._values = hits.facts[order], hits.values[order]
        probes = hits.probes[order]
        found = np.flatnonzero(changes(probes)) if len(probes) else probes
        ends = np.append(found, len(probes)).tolist()
        self._where = {probe: slice(*edge) for probe, edge in zip(probes[found].tolist(), pairwise(ends), strict=True)}
        self._known: dict[int, ProbeHits] = {}

    def of(self, probe: int) -> ProbeHits | None:
        """What a probe read; None where it read nothing."""
        if probe not in self._known and probe in self._where:
            facts = self._facts[self._where[probe]]
            values, times = self._values[self._where[probe]], self._occurred_us[facts]
            self._known[probe] = ProbeHits(facts, values, times, starts(self.group[facts]))
        return self._known.get(probe)

    def facts_of(self, found: Iterable[ProbeHits]) -> tuple[Index, Index]:
        """The facts that any of some probes read, ascending; and by position of a fact, its place among them."""
        is_read = np.zeros(len(self.group), dtype=np.bool_)
        for each in found:
            is_read[each.facts] = True
        return np.flatnonzero(is_read), np.cumsum(is_read) - 1

    def last_of(self, probes: Iterable[int]) -> Index:
        """The last fact of each customer that any of the probes read, ascending."""
        last = np.full(len(self.group) and int(self.group[-1]) + 1, -1)
        for found in filter(None, map(self.of, probes)):
            facts = found.facts[np.append(found.first[1:], len(found.facts)) - 1]
            owners = self.group[facts]
            last[owners] = np.maximum(last[owners], facts)
        return last[last >= 0]
