"""The shape of an explanation, as `serving.explanations` answers it."""

from typing import Literal

from decisioning.customer import FeatureValue
from serving.answers import Answered, DecisionHead, Probability, VersionsAnswer


class ContributionAnswer(Answered):
    """What one feature did to a propensity, in log-odds; `about` says what the feature is."""

    feature: str
    about: str
    value: FeatureValue
    log_odds: float


class ExplainedActionAnswer(Answered):
    """What became of one action, and `why`; `read` are the values that the condition read which stopped it.

    Null: not scored, or not ranked. `spread` is the SD with which recent answers let the propensity be drawn.
    """

    action: str
    became: Literal["ranked", "eligible", "excluded"]
    why: list[str]
    rank: int | None
    treatment: str | None
    stage: str | None
    read: dict[str, FeatureValue]
    propensity: Probability | None
    uplift: float | None
    spread: float | None
    priority: float | None
    action_probability: Probability | None
    contributions: list[ContributionAnswer]


class ExplorationAnswer(Answered):
    """How random the decision was, and the seed of its draws (64 bits, in hexadecimal)."""

    epsilon: Probability
    seed: str


class ReplayAnswer(Answered):
    """Whether the decision came out the same when it was made again from its record.

    `differs` names the fields that did not; `why_not` says why it could not be made again.
    """

    exact: bool
    differs: list[str]
    why_not: str | None


class MovedAnswer(Answered):
    """An action whose rank would have been another; null: none."""

    action: str
    rank: int | None
    would_be: int | None


class WhatIfAnswer(Answered):
    """What would have been decided, with the same draws; nothing of it is recorded."""

    channel: str
    placement: str
    chosen: str
    actions: list[ExplainedActionAnswer]
    moved: list[MovedAnswer]


class ExplanationAnswer(DecisionHead):
    """One past decision, what became of every action, its replay, and what if (null: nothing was supposed)."""

    degraded_reasons: list[str]
    chosen: str
    exploration: ExplorationAnswer
    versions: VersionsAnswer
    actions: list[ExplainedActionAnswer]
    replay: ReplayAnswer
    what_if: WhatIfAnswer | None
