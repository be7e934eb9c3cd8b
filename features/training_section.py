"""What a workspace says of learning: how hard to look, what is foreseen, and what a bundle must keep to."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from features.section import Section

LEAST_SHARE = 0.01
"""Of the time, to choose by and to judge on; below it there is nothing to see."""
LEAST_LEARNED_FROM = 0.05
"""Of the time, what these two must leave."""


class Churn(Section):
    """`[training.churn]`: the track event that says a customer left, and how far ahead it is foreseen."""

    event: str = Field(min_length=1)
    horizon_days: float = Field(default=60.0, gt=0)


class ServiceNeed(Section):
    """`[training.service_need]`: the track event that says a customer needs service; with "" it is not foreseen."""

    event: str = "Ticket Opened"
    horizon_days: float = Field(default=30.0, gt=0)


class Satisfaction(Section):
    """`[training.satisfaction]`: the survey, and the `answer` that is dissatisfied where it is `at_most` this.

    Foreseen is dissatisfaction in the next survey that is answered within the horizon; with an `event` of "" it is not.
    """

    event: str = "Survey Answered"
    answer: str = Field(default="nps", min_length=1)
    at_most: float = 6.0
    horizon_days: float = Field(default=30.0, gt=0)


class Spend(Section):
    """`[training.value]`: the track event of a purchase, and its number that is money; with "" it is not foreseen.

    Foreseen is what a customer will spend within the horizon, all such events added up that state no other currency
    than the catalogue's.
    """

    event: str = "Order Completed"
    amount: str = Field(default="revenue", min_length=1)
    horizon_days: float = Field(default=90.0, gt=0)


class Training(Section):
    """`[training]`: budget, seed, and the later shares of the time that are kept for choosing and for judging.

    Parameters: `trials` and `tuning_seconds` of CPU bound each model's search for settings; `workers`, threads that try
    at once; `most_decisions` are learned from and judged on: of more an even sample over the time is drawn, so that
    memory has a bound; `rising` and `falling`, features with which the propensity of no action may fall, or rise;
    `together`, groups of features: only features of one group may interact in trees (none: all may).
    """

    trials: int = Field(default=20, ge=1)
    tuning_seconds: float | None = Field(default=None, gt=0)
    workers: int = Field(default=1, ge=1, le=64)
    seed: int = Field(default=7, ge=0)
    validation_share: float = Field(default=0.2, ge=LEAST_SHARE, lt=1)
    evaluation_share: float = Field(default=0.3, ge=LEAST_SHARE, lt=1, validate_default=True)
    most_decisions: int = Field(default=1_000_000, ge=1_000)
    rising: tuple[str, ...] = Field(default=(), strict=False)
    falling: tuple[str, ...] = Field(default=(), strict=False)
    together: tuple[Annotated[tuple[str, ...], Field(strict=False, min_length=2)], ...] = Field(
        default=(), strict=False
    )
    churn: Churn | None = None
    service_need: ServiceNeed = ServiceNeed()
    satisfaction: Satisfaction = Satisfaction()
    value: Spend = Spend()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if both := [name for name in self.rising if name in self.falling]:
            raise ValueError(f"the feature {both[0]!r} is in `rising` and in `falling`; give it in one of them")
        return self

    @field_validator("evaluation_share")
    @classmethod
    def _leaves_something(cls, share: float, info: Any) -> float:
        chosen_by = info.data.get("validation_share", LEAST_SHARE)
        if round(1 - chosen_by - share, 9) < LEAST_LEARNED_FROM:
            raise ValueError(
                f"`validation_share` ({chosen_by:g}) and `evaluation_share` ({share:g}) together may be at most "
                f"{1 - LEAST_LEARNED_FROM:g}: the rest is learned from"
            )
        return share


class Gate(Section):
    """`[gate]`: what a bundle must keep to.

    Parameters: `margin`, money per decision by which it may be worse than the champion; `confidence` of intervals;
    `calibration`, how far its calibration error may be above that of a perfect model; `slices` and `protected`,
    category features no segment of which may be worse off by more than `slice_margin`, money per decision; of a
    protected one the probabilities must also be right on average, within `calibration`; `latency_ms` of CPU to score
    all actions for one customer and foresee what is foreseen; `size_mib` of its files.
    """

    margin: float = Field(default=0.0, ge=0)
    confidence: float = Field(default=0.95, gt=0.5, le=0.9999)
    calibration: float = Field(default=0.05, gt=0, le=1)
    slices: tuple[str, ...] = Field(default=(), strict=False)
    protected: tuple[str, ...] = Field(default=(), strict=False)
    slice_margin: float = Field(default=0.0, ge=0)
    latency_ms: float = Field(default=20.0, gt=0)
    size_mib: float = Field(default=64.0, gt=0)
