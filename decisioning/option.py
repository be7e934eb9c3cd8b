"""Options: the actions that went through the funnel, scored, each in its best treatment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import isnan
from typing import NamedTuple

from decisioning.arbitration import Factors, Mode, is_sound, priority
from decisioning.customer import FeatureValue
from decisioning.decision import Learned
from decisioning.exploration import ranking_key
from decisioning.ports import Candidate, Correction, Scorer

LEAST_TOLD = 0.001
"""A change of the propensity that is worth a reason."""


class Added(NamedTuple):
    """What the fast layer added to an option: the bundle's own propensity, the SD of what it became, as of a record."""

    bundle: float
    spread: float
    seq: int


class Option(NamedTuple):
    """One action that may be chosen, in its best treatment. A tuple, as every candidate of a decision makes one.

    Parameters: `given`, whether the bundle gave the priority itself; `learned`, where a fast layer moved it.
    """

    candidate: Candidate
    factors: Factors
    priority: float
    given: bool = False
    learned: Added | None = None


@dataclass(frozen=True, slots=True)
class Weighing:
    """What a decision multiplies values by.

    Parameters: `context_weights` by issue (1 where an issue is not named); `levers` false sets every lever to 1.
    """

    mode: Mode
    context_weights: Mapping[str, float]
    levers: bool = True


def options_of(
    candidates: Sequence[Candidate], *, scorer: Scorer, features: Mapping[str, FeatureValue], weighing: Weighing
) -> dict[str, Option]:
    """Score the candidates and keep each action's best treatment, by action; what has no usable score is left out."""
    options: dict[str, Option] = {}
    for option in _scored(candidates, scorer, features, weighing) if candidates else ():
        name = option.candidate.action.name
        if name not in options or _precedes(option, options[name]):
            options[name] = option
    return options


def _scored(
    candidates: Sequence[Candidate], scorer: Scorer, features: Mapping[str, FeatureValue], weighing: Weighing
) -> Iterator[Option]:
    scores = scorer.score(features, candidates)
    propensities, uplifts = scores.propensity.tolist(), scores.uplift.tolist()
    given = repeat(None, len(candidates)) if scores.priority is None else scores.priority.tolist()
    learned = repeat(None, len(candidates)) if scores.correction is None else _learned(scores.correction)
    for candidate, propensity, uplift, own, more in zip(candidates, propensities, uplifts, given, learned, strict=True):
        factors = _factors(candidate, propensity, uplift, weighing)
        order = priority(factors, weighing.mode) if own is None else own
        if is_sound(factors) and not isnan(order):
            yield Option(candidate, factors, order, own is not None, more)


def _learned(correction: Correction) -> Iterator[Added]:
    pairs = zip(correction.bundle.tolist(), correction.spread.tolist(), strict=True)
    return (Added(bundle, spread, correction.seq) for bundle, spread in pairs)


def _factors(candidate: Candidate, propensity: float, uplift: float, weighing: Weighing) -> Factors:
    action = candidate.action
    weight = weighing.context_weights.get(action.issue, 1.0)
    lever = action.lever if weighing.levers else 1.0
    return Factors(propensity, uplift, action.value, candidate.treatment.cost, weight, lever)


def _precedes(one: Option, other: Option) -> bool:
    return ranking_key(one.candidate.treatment.name, one.priority) < ranking_key(
        other.candidate.treatment.name, other.priority
    )


def learned_of(options: Mapping[str, Option]) -> Learned | None:
    """What a fast layer added, as a decision records it; None where there was none."""
    found = {name: option.learned for name, option in options.items() if option.learned is not None}
    if not found:
        return None
    scores = {name: (added.bundle, added.spread) for name, added in found.items()}
    treatments = {name: options[name].candidate.treatment.name for name in found}
    return Learned(next(iter(found.values())).seq, scores, treatments)


def learned_reason(option: Option) -> tuple[str, ...]:
    """What recent answers moved, in words, where that is a tenth of a point or more."""
    moved = 0.0 if option.learned is None else option.factors.propensity - option.learned.bundle
    return (f"recent answers change that by {100 * moved:+.1f} points",) if abs(moved) >= LEAST_TOLD else ()


def score_of(option: Option) -> tuple[float, float | None, float]:
    """(propensity, uplift or None, priority), as a decision records them."""
    factors = option.factors
    return (factors.propensity, None if isnan(factors.uplift) else factors.uplift, option.priority)
