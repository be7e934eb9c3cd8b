"""Options: the actions that went through the funnel, scored, each in its best treatment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import isnan
from typing import NamedTuple

from decisioning.arbitration import Factors, Mode, is_sound, priority
from decisioning.customer import FeatureValue
from decisioning.exploration import ranking_key
from decisioning.ports import Candidate, Scorer


class Option(NamedTuple):
    """One action that may be chosen, in its best treatment. A tuple, as every candidate of a decision makes one."""

    candidate: Candidate
    factors: Factors
    priority: float


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
    for candidate, propensity, uplift, own in zip(candidates, propensities, uplifts, given, strict=True):
        factors = _factors(candidate, propensity, uplift, weighing)
        order = priority(factors, weighing.mode) if own is None else own
        if is_sound(factors) and not isnan(order):
            yield Option(candidate, factors, order)


def _factors(candidate: Candidate, propensity: float, uplift: float, weighing: Weighing) -> Factors:
    action = candidate.action
    weight = weighing.context_weights.get(action.issue, 1.0)
    lever = action.lever if weighing.levers else 1.0
    return Factors(propensity, uplift, action.value, candidate.treatment.cost, weight, lever)


def _precedes(one: Option, other: Option) -> bool:
    return ranking_key(one.candidate.treatment.name, one.priority) < ranking_key(
        other.candidate.treatment.name, other.priority
    )


def score_of(option: Option) -> tuple[float, float | None, float]:
    """(propensity, uplift or None, priority), as a decision records them."""
    factors = option.factors
    return (factors.propensity, None if isnan(factors.uplift) else factors.uplift, option.priority)
