"""Resolves a whole table: train, compare, link, and say how sure it is."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.matching.candidate import Places, candidate_pairs
from features.matching.configuration import MERGE_ABOVE, REVIEW_ABOVE
from features.matching.correction import corrected
from features.matching.evidence import Evidence
from features.matching.linkage import Linked, linked, pooled
from features.matching.model import FieldModel, Model
from features.matching.people import Field, People
from features.matching.prior import log_odds, prior_of, probability
from features.matching.training import Trained, train
from features.matching.unit import units_of
from features.matching.weighing import Bits, Weighing

ROUNDS = 2
"""How often the prior is found and taken out of the parameters; more changes nothing."""

SLACK = 4.0
"""Bits below the review threshold at which two records still make their clusters worth comparing."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities that two clusters are one person's. Parameters: above `merge` they are one; from `review`, look."""

    merge: float = MERGE_ABOVE
    review: float = REVIEW_ABOVE


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two clusters that a person should look at. Parameters: places of their first records; `probability`."""

    first: int
    second: int
    probability: float


@dataclass(frozen=True, slots=True)
class Matching:
    """A table resolved.

    Parameters: `cluster`, for each record the place of the first record of its cluster, (n,); `belongs`, the
    probability that it belongs there; `doubts`, the likeliest first; `model`, what was trained; `n_pairs`, compared.
    """

    cluster: Places
    belongs: Bits
    doubts: tuple[Doubt, ...]
    model: Model
    n_pairs: int


def match(people: People, thresholds: Thresholds = Thresholds(), model: Model | None = None) -> Matching:
    """Find which records are of one person.

    Parameters: `model`, trained before; without one it is trained here, from the records alone.
    """
    first, second = candidate_pairs(people)
    trained = model or _trained_model(people, first, second)
    weighing = Weighing(people, Evidence(trained))
    score = trained.prior + _summed(weighing, first, second)
    near = score > log_odds(thresholds.review) - SLACK
    found = linked(weighing, len(people), (first[near], second[near]), trained.prior, log_odds(thresholds.merge))
    cluster = _first_places(found.cluster)
    belongs = _belonging(weighing, found, trained.prior)
    return Matching(cluster, belongs, _doubts(found, thresholds), trained, len(first))


def _trained_model(people: People, first: Places, second: Places) -> Model:
    """Splink's parameters, and the prior that the candidate pairs add up to."""
    units = units_of(people.fields)
    parameters = train(people, units)
    fields = tuple(_field_model(field, parameters[field], people) for unit in units for field in unit.fields)
    bare = model = Model(fields, 0.0, len(people))
    for _ in range(ROUNDS):
        evidence = _summed(Weighing(people, Evidence(model)), first, second)
        model = corrected(bare, prior_of(evidence, len(people)))
    return model


def _field_model(field: Field, trained: Trained, people: People) -> FieldModel:
    counts = Counter(value for value in people.values[field.name] if value)
    total = max(counts.total(), 1)
    frequency: Mapping[str, float] = {value: count / total for value, count in counts.items()}
    return FieldModel(field.name, field.kind, trained.m, trained.u, frequency, 1.0 / total)


def _summed(weighing: Weighing, first: Places, second: Places) -> Bits:
    result: Bits = np.nansum(weighing.bits(first, second), axis=1)
    return result


def _first_places(cluster: Places) -> Places:
    """The place of the first record of each record's cluster."""
    _, first, back = np.unique(cluster, return_index=True, return_inverse=True)
    result: Places = first[back]
    return result


def _belonging(weighing: Weighing, found: Linked, prior: float) -> Bits:
    """The probability that each record belongs to the others of its cluster, or, being alone, to nobody else's."""
    n = len(found.cluster)
    order = np.argsort(found.cluster, kind="stable")
    _, start, size = np.unique(found.cluster[order], return_index=True, return_counts=True)
    pairs = [_ordered_pairs(order[begin : begin + many]) for begin, many in zip(start, size, strict=True) if many > 1]
    one = np.concatenate([pair[0] for pair in pairs] or [np.zeros(0, np.int64)])
    other = np.concatenate([pair[1] for pair in pairs] or [np.zeros(0, np.int64)])
    total = np.bincount(one, minlength=n)
    score = prior + pooled(weighing.bits(one, other), one, np.maximum(total, 1), np.ones(n, np.int64))
    return np.where(total > 0, probability(score), 1.0 - _best_other(found))


def _ordered_pairs(members: Places) -> tuple[Places, Places]:
    one, other = np.nonzero(~np.eye(len(members), dtype=bool))
    return members[one], members[other]


def _best_other(found: Linked) -> Bits:
    """For each record, the probability that its cluster is of one person with the likeliest other cluster."""
    best = np.zeros(int(found.cluster.max(initial=0)) + 1)
    likely = probability(found.score)
    np.maximum.at(best, found.first, likely)
    np.maximum.at(best, found.second, likely)
    result: Bits = best[found.cluster]
    return result


def _doubts(found: Linked, thresholds: Thresholds) -> tuple[Doubt, ...]:
    likely = probability(found.score)
    numbers, places = np.unique(found.cluster, return_index=True)
    first_place = dict(zip(numbers.tolist(), places.tolist(), strict=True))
    chosen = np.flatnonzero(likely >= thresholds.review)
    doubts = [
        _doubt(first_place[int(found.first[k])], first_place[int(found.second[k])], float(likely[k])) for k in chosen
    ]
    return tuple(sorted(doubts, key=lambda doubt: (-doubt.probability, doubt.first, doubt.second)))


def _doubt(one: int, other: int, likely: float) -> Doubt:
    return Doubt(min(one, other), max(one, other), likely)
