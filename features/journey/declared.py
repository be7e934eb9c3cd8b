"""What a workspace declares of its customers' journeys."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from decisioning.journey import Journey
from features.feature import Feature

STAGE, SCORE = "journey_stage_", "journey_score_"
"""What the names of a journey's two features begin with."""
TOUCHES, COMPLAINTS = "touches_", "complaints_"
"""What the names of the counts begin with that channels and complaints bring."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One way to complain.

    Parameters: `feature`, a count of the complaints, or with `below`, the last of some answers, of which those below
    that number complain.
    """

    name: str
    feature: str
    below: float | None = None


@dataclass(frozen=True, slots=True)
class DeclaredJourneys:
    """Journeys, and what is counted on the way.

    Parameters: `goals`, what each business goal means; `channels`, the feature that counts the touchpoints of each;
    `features`, those that the file adds to the workspace's: counts, stages, scores.
    """

    journeys: tuple[Journey, ...] = ()
    goals: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    complaints: tuple[Complaint, ...] = ()
    features: tuple[Feature, ...] = ()
