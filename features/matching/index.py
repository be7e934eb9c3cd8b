"""Links one new record to clusters that exist, in memory: no other record is touched, no cluster's id changes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from heapq import nlargest
from math import exp2, log2
from typing import NamedTuple

from features.matching.evidence import Evidence
from features.matching.key import MAX_SHARING, keys_of
from features.matching.people import People
from features.matching.unit import Values

MAX_CANDIDATES = 3
"""Clusters that are weighed for one record: those that share most of its keys with it, rare ones counting more."""

RAREST_KEYS = 40
"""Keys of a record that choose the clusters to weigh."""

Held = list[tuple[str, list[str] | None]]
"""The keys of a record, and the clusters that hold each; no more than may share one are noted."""

Profile = list[dict[Values, int]]
"""For each unit, how many of a cluster's records have which values."""


class Proposal(NamedTuple):
    """A cluster that a record may belong to. Parameters: `probability` that it does."""

    cluster: str
    probability: float


class ClusterIndex:
    """Clusters by blocking key, with the values of their records.

    Parameters: `evidence`, by a trained model; `max_sharing`, as in a batch: a key that more records share is not used.
    Fill it with `add`. The score of a record with a cluster is that of a batch in which the record stands alone.
    """

    def __init__(self, evidence: Evidence, max_sharing: int = MAX_SHARING) -> None:
        self._evidence = evidence
        self._fields = evidence.model.compared
        self._max_sharing = max_sharing
        self._holders: dict[str, list[str]] = {}
        self._profiles: dict[str, Profile] = {}
        self._bits = lru_cache(maxsize=8192)(evidence.of)

    @classmethod
    def of(cls, people: People, clusters: Sequence[str], evidence: Evidence) -> "ClusterIndex":
        """The index of a table that was resolved. Parameters: `clusters`, the id of each record's cluster."""
        index = cls(evidence)
        for place, cluster in enumerate(clusters):
            index.add(people.record(place), cluster)
        return index

    def add(self, record: Mapping[str, str], cluster: str) -> None:
        """A record of a cluster, new or known. Parameters: `record`, cleansed values by field."""
        self._keep(self._held(keys_of(record, self._fields)), self._values(record), cluster)

    def proposals(self, record: Mapping[str, str]) -> list[Proposal]:
        """The clusters that the record may belong to, the likeliest first."""
        return self._weighed(self._candidates(self._held(keys_of(record, self._fields))), self._values(record))

    def place(self, record: Mapping[str, str], own_id: str, merge_above: float) -> Proposal:
        """Add the record to the likeliest cluster above a probability, else to a new one of its own id.

        Returns: its cluster, and the probability that it belongs there.
        """
        held, values = self._held(keys_of(record, self._fields)), self._values(record)
        found = self._weighed(self._candidates(held), values)
        best = found[0] if found else Proposal(own_id, 0.0)
        chosen = best if best.probability > merge_above else Proposal(own_id, 1.0 - best.probability)
        self._keep(held, values, chosen.cluster)
        return chosen

    def _values(self, record: Mapping[str, str]) -> list[Values]:
        return [tuple(record[field.name] for field in unit.fields) for unit in self._evidence.units]

    def _held(self, keys: Iterable[str]) -> Held:
        """The clusters of each key, looked up once."""
        holders_of = self._holders.get
        return [(key, holders_of(key)) for key in keys]

    def _keep(self, held: Held, values: Sequence[Values], cluster: str) -> None:
        for key, clusters in held:
            if clusters is None:
                self._holders[key] = [cluster]
            elif len(clusters) < self._max_sharing:
                clusters.append(cluster)
        profile = self._profiles.get(cluster)
        if profile is None:
            profile = self._profiles[cluster] = [{} for _ in values]
        for counts, value in zip(profile, values, strict=True):
            if any(value):
                counts[value] = counts.get(value, 0) + 1

    def _candidates(self, held: Held) -> list[str]:
        most = self._max_sharing
        known = [(len(clusters), key, clusters) for key, clusters in held if clusters and len(clusters) < most]
        shared: defaultdict[str, float] = defaultdict(float)
        for n, _, clusters in sorted(known)[:RAREST_KEYS]:
            for cluster in clusters:
                shared[cluster] += 1.0 / n
        return [cluster for _, cluster in nlargest(MAX_CANDIDATES, zip(shared.values(), shared, strict=True))]

    def _weighed(self, candidates: Iterable[str], values: Sequence[Values]) -> list[Proposal]:
        weighed = [Proposal(cluster, self._probability(cluster, values)) for cluster in candidates]
        return sorted(weighed, key=lambda proposal: (-proposal.probability, proposal.cluster))

    def _probability(self, cluster: str, values: Sequence[Values]) -> float:
        score = self._evidence.model.prior
        for unit, (own, others) in enumerate(zip(values, self._profiles[cluster], strict=True)):
            if any(own):
                score += self._pooled(unit, own, others)
        return 1.0 / (1.0 + exp2(-min(max(score, -500.0), 500.0)))

    def _pooled(self, unit: int, own: Values, others: Mapping[Values, int]) -> float:
        """Log₂ of the mean factor of each field of a unit, over the records that give it, summed."""
        if len(others) == 1:
            (other,) = others
            return sum([bits for bits in self._bits(unit, own, other) if bits == bits])
        factors, counts = [0.0] * len(own), [0] * len(own)
        for other, number in others.items():
            for place, bits in enumerate(self._bits(unit, own, other)):
                if bits == bits:
                    factors[place] += number * exp2(bits)
                    counts[place] += number
        return sum(log2(factor / n) for factor, n in zip(factors, counts, strict=True) if n)
