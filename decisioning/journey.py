"""A journey: ordered stages as conditions, where a customer stands in it, and how well it goes for them.

A customer is in the last stage, in the order declared, whose condition is TRUE; where none is, in no stage. So later
stages need not repeat the opposite of earlier ones, and a setback such as `at_risk`, declared last, wins over the stage
it threatens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from decisioning.condition import Condition
from decisioning.customer import FeatureValue


@dataclass(frozen=True, slots=True)
class Targets:
    """What the business wants of a stage; None where it wants nothing.

    Parameters: `conversion`, the share of customers who enter and reach a later stage (from a setback: any stage that
    is none) within `within_days`; `median_days`, the longest the median stay may last; `complaints`, per customer who
    was in the stage; `nps`, -100 to 100, of the answers given in it.
    """

    conversion: float | None = None
    within_days: float = 90.0
    median_days: float | None = None
    complaints: float | None = None
    nps: float | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A named part of the way.

    Parameters: `condition`, when a customer may be in it; `progress`, how far along it is, 0 to 1; `setback`, whether
    it is a way back that customers should leave again; `goal`, the business goal it serves; `signs`, conditions that
    say a customer in it is on a good way; `since`, the feature with the days since it was entered ("": none has them).
    """

    name: str
    condition: Condition
    progress: float
    setback: bool = False
    goal: str = ""
    description: str = ""
    targets: Targets = Targets()
    signs: tuple[Condition, ...] = ()
    since: str = ""


@dataclass(frozen=True)
class Journey:
    """Stages in order, and what tells how well it goes.

    Parameters: `stages`, at least one; `activity`, the feature with the days since the last activity; a customer
    without any for `inactive_days` has left; `friction`, features that count what went wrong; `satisfaction`, a feature
    from 0 to 10 ("": none); `value`, a feature with what a customer is worth, in money ("": none).
    """

    name: str
    stages: tuple[Stage, ...]
    goal: str = ""
    description: str = ""
    activity: str = "days_since_activity"
    inactive_days: float = 90.0
    friction: tuple[str, ...] = ()
    satisfaction: str = ""
    value: str = ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the stages, in order."""
        return tuple(stage.name for stage in self.stages)

    @cached_property
    def features(self) -> frozenset[str]:
        """Every feature that stage and score of this journey look at."""
        conditions = [c for stage in self.stages for c in (stage.condition, *stage.signs)]
        own = {self.activity, self.satisfaction, *self.friction, *(stage.since for stage in self.stages)} - {""}
        return frozenset(own.union(*(condition.names for condition in conditions)))

    @property
    def end(self) -> Stage:
        """The stage the journey leads to: the last that is no setback."""
        return [stage for stage in self.stages if not stage.setback][-1]

    def onward(self, stage: Stage) -> frozenset[str]:
        """The stages whose reaching counts as conversion from this one."""
        ways = [each.name for each in self.stages if not each.setback]
        place = self.names.index(stage.name)
        return frozenset(ways if stage.setback else [name for name in ways if self.names.index(name) > place])


def stage_of(journey: Journey, values: Mapping[str, FeatureValue]) -> Stage | None:
    """Where a customer with these features is: the last stage whose condition is TRUE.

    >>> from decisioning.condition import compile_condition
    >>> known = Stage("known", compile_condition(""), progress=0.5)
    >>> buyer = Stage("buyer", compile_condition("orders > 0"), progress=1.0)
    >>> stage_of(Journey("shop", (known, buyer)), {"orders": 0.0}).name
    'known'
    """
    return next((stage for stage in reversed(journey.stages) if stage.condition.truth(values) is True), None)
