"""The shape of the maps of journeys, as `features.journey.report` writes them."""

from typing import Literal

from pydantic import Field

from serving.answers import Answered


class EstimateAnswer(Answered):
    """An estimate of n cases with its 95 % interval; null where nothing can be said; `few`: too few to act upon."""

    n: int
    value: float | None
    low: float | None
    high: float | None
    few: bool


class ConversionAnswer(EstimateAnswer):
    """The share of customers who came further, of those who entered early enough to be judged."""

    within_days: float


class CountAnswer(Answered):
    """How often something happened in a stage, and per customer who was in it."""

    n: int
    per_customer: float | None


class StageMapAnswer(Answered):
    """One stage over the period; `days` are quartiles, `p25`, `p50`, `p75`."""

    stage: str
    description: str
    goal: str
    setback: bool
    progress: float
    condition: str
    customers: int
    entries: int
    now: int
    conversion: ConversionAnswer
    days: dict[str, EstimateAnswer]
    touches: dict[str, CountAnswer]
    complaints: dict[str, CountAnswer]
    complaints_per_customer: EstimateAnswer
    nps: EstimateAnswer
    score: EstimateAnswer
    value: EstimateAnswer


class TransitionAnswer(Answered):
    """How often customers went from one place to another; places are stages, `outside` and `inactive`."""

    origin: str = Field(alias="from")
    onto: str = Field(alias="to")
    n: int
    median_days: float


class PathAnswer(Answered):
    """Stages in order of first visit, and how many of those who went so reached the journey's end."""

    stages: list[str]
    customers: int
    reached: EstimateAnswer


class TargetAnswer(Answered):
    """One target of a stage, checked; `customers` would have had to fare differently for it to be met."""

    stage: str
    kind: Literal["leave", "wait", "complain", "nps"]
    target: float
    measured: EstimateAnswer
    customers: float
    customers_low: float
    customers_high: float
    value: float | None
    verdict: Literal["missed", "met", "unsure", "too few"]
    behind: dict[str, int]


class GoalAnswer(Answered):
    """One business goal, the stages tied to it, and how their targets stand."""

    goal: str
    meaning: str
    stages: list[str]
    targets: dict[str, int]


class JourneyAnswer(Answered):
    """One journey; `now` is who is where at the end of the period, `pain_points` begin with the worst."""

    journey: str
    description: str
    goal: str
    end: str
    inactive_days: float
    score: EstimateAnswer
    now: dict[str, int]
    stages: list[StageMapAnswer]
    transitions: list[TransitionAnswer]
    paths: list[PathAnswer]
    targets: list[TargetAnswer]
    pain_points: list[TargetAnswer]
    goals: list[GoalAnswer]


class JourneysAnswer(Answered):
    """The maps of every journey over one period."""

    version: int
    currency: str
    drawn_at: str
    since: str
    until: str
    journeys: list[JourneyAnswer]
