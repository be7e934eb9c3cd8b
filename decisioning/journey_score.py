"""The journey score: how far a customer has come, times how well it goes for them there; 0 to 100.

    score = 100 × progress of the stage × mean of the parts of health that are known, each 0 to 1:

    recency       1 - days since the last activity / `inactive_days`, not below 0
    friction      (1 + target of complaints per customer) / (1 + what the friction features count), not above 1
    satisfaction  the last answer, 0 to 10, as a share of 10
    pace          target of median days / days since the stage was entered, not above 1
    signs         the share of the stage's signs that are TRUE

So each part ties to one target of the stage: activity to leaving, friction to complaints, satisfaction to NPS, pace to
the median stay, signs to conversion. Further on with equal health never scores lower; more activity, fewer troubles and
a better answer never score lower. `journey_array` computes the same for many customers at once.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from decisioning.customer import FeatureValue
from decisioning.journey import Journey, Stage, stage_of


class Standing(NamedTuple):
    """Where a customer stands: the stage's name and the score; both None outside the journey."""

    stage: str | None
    score: float | None


def standing(journey: Journey, values: Mapping[str, FeatureValue]) -> Standing:
    """Stage and score of a customer with these features."""
    stage = stage_of(journey, values)
    if stage is None:
        return Standing(None, None)
    parts = [part for _, part in health(journey, stage, values)]
    return Standing(stage.name, 100.0 * stage.progress * (sum(parts) / len(parts)) if parts else None)


def health(journey: Journey, stage: Stage, values: Mapping[str, FeatureValue]) -> Iterator[tuple[str, float]]:
    """The parts of health that are known of a customer in a stage, by name."""
    if (days := _number(values, journey.activity)) is not None:
        yield "recency", max(0.0, 1.0 - days / journey.inactive_days)
    if journey.friction:
        counted = sum(max(_number(values, name) or 0.0, 0.0) for name in journey.friction)
        yield "friction", min(1.0, (1.0 + (stage.targets.complaints or 0.0)) / (1.0 + counted))
    if (answer := _number(values, journey.satisfaction)) is not None:
        yield "satisfaction", min(1.0, max(0.0, answer / 10.0))
    if stage.targets.median_days and (days := _number(values, stage.since)) is not None:
        yield "pace", min(1.0, stage.targets.median_days / max(days, stage.targets.median_days))
    if stage.signs:
        yield "signs", sum(sign.truth(values) is True for sign in stage.signs) / len(stage.signs)


def _number(values: Mapping[str, FeatureValue], name: str) -> float | None:
    value = values.get(name) if name else None
    return value if isinstance(value, float) else None
