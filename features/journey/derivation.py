"""Stage and score as features: computed after `at` from the other features, so that nothing of them is ever stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from decisioning.condition_array import Column, Words
from decisioning.customer import FeatureValue
from decisioning.journey import Journey
from decisioning.journey_array import JourneyColumns
from decisioning.journey_score import standing
from features.feature import Feature
from features.journey.declared import SCORE, STAGE
from features.primitives import Array
from features.primitives_plain import Stateless


@dataclass(frozen=True, slots=True)
class Derived(Stateless):
    """What is computed from other features: it looks at no fact and keeps no state.

    Parameters: `definition`, which must change with what it is computed by.
    """

    definition: str
    kind: ClassVar[str] = "derived"


class JourneyDerivation:
    """Completes the features of customers with stage and score of each journey.

    Parameters: `features`, the whole vector, in order.
    """

    def __init__(self, journeys: Sequence[Journey], features: Sequence[Feature]) -> None:
        self._journeys = [(journey, STAGE + journey.name, SCORE + journey.name) for journey in journeys]
        self._columns = [JourneyColumns(journey) for journey in journeys]
        self._place = {feature.name: place for place, feature in enumerate(features)}
        self._words = {feature.name: feature.one_of for feature in features if feature.kind == "category"}

    def complete(self, values: dict[str, FeatureValue]) -> None:
        """Put stage and score into one customer's features."""
        for journey, stage, score in self._journeys:
            values[stage], values[score] = standing(journey, values)

    def fill(self, values: Array) -> None:
        """Put stages (as codes) and scores into the features of many, shape (n, n_features)."""
        for (journey, stage, score), columns in zip(self._journeys, self._columns, strict=True):
            looked_at = self.columns(values, journey)
            stages = columns.stages(looked_at, n=len(values))
            values[:, self._place[stage]] = stages
            values[:, self._place[score]] = columns.scores(looked_at, stages)

    def columns(self, values: Array, journey: Journey) -> Mapping[str, Column]:
        """The columns that a journey looks at, by name."""
        return {name: self._column(values, name) for name in journey.features}

    def _column(self, values: Array, name: str) -> Column:
        column = values[:, self._place[name]]
        return Words(column, self._words[name]) if name in self._words else column
