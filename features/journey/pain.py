"""Pain points: where customers leave, wait or complain, measured against what the business wants of each stage.

Every gap to a target is told in customers, how many would have had to fare differently for the target to be met:

    leave     (target - conversion) × customers who entered and can be judged
    wait      (share of stays longer than the target of the median - ½) × stays entered
    complain  (complaints per customer - target) × customers, at most all of them
    nps       (target - NPS) / 200 × answers: one detractor who becomes a promoter moves their sum by 200

Its interval is the measure's own. Where the journey has a value: customers × the mean value of those in the stage.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from features.journey.journey_map import JourneyMap, StageMap
from features.journey.statistic import Estimate

Kind = Literal["leave", "wait", "complain", "nps"]


class Gap(NamedTuple):
    """Customers who would have had to fare differently, 95 % between low and high; below zero: room to spare."""

    customers: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Checked:
    """One target of a stage, checked.

    Parameters: `wanted` and `measured`, in the measure's own terms; `value`, what the customers of the gap are worth
    together, None where not known; `behind`, what it is made of, the most frequent first.
    """

    stage: str
    kind: Kind
    wanted: float
    measured: Estimate
    gap: Gap
    value: float | None
    behind: Mapping[str, float]

    @property
    def verdict(self) -> Literal["missed", "met", "unsure", "too few"]:
        """Whether the target is met, as far as that is certain."""
        if self.measured.is_few:
            return "too few"
        return "missed" if self.gap.low > 0 else "met" if self.gap.high <= 0 else "unsure"


def check_targets(found: JourneyMap) -> list[Checked]:
    """Every target that something was measured for, stage by stage, met or not."""
    return [checked for here in found.stages for checked in _of_stage(found, here)]


def pain_points(checked: Sequence[Checked]) -> list[Checked]:
    """The targets that are missed, or seem to be, the worst first: by money, without it by customers.

    What is certain goes before what is unsure, and that before what has too few cases.
    """
    order = ("missed", "unsure", "too few")
    pains = [each for each in checked if each.gap.customers > 0 and each.verdict in order]
    return sorted(pains, key=lambda each: (order.index(each.verdict), -(each.value or 0.0), -each.gap.customers))


def _of_stage(found: JourneyMap, here: StageMap) -> Iterator[Checked]:
    for kind, wanted, shown, measured in _measures(here):
        if wanted is None or measured.value is None:
            continue
        gap = _gap(kind, wanted, measured, here.customers)
        worth = here.value.value
        value = None if worth is None else max(gap.customers, 0.0) * worth
        yield Checked(here.stage.name, kind, wanted, shown, gap, value, _behind(kind, found, here))


def _measures(here: StageMap) -> Iterator[tuple[Kind, float | None, Estimate, Estimate]]:
    """Kind, target, the measure that is shown and the one the gap is told by."""
    wanted = here.stage.targets
    yield "leave", wanted.conversion, here.conversion, here.conversion
    yield "wait", wanted.median_days, here.days["p50"], here.beyond
    yield "complain", wanted.complaints, here.complaining, here.complaining
    yield "nps", wanted.nps, here.nps, here.nps


def _gap(kind: Kind, wanted: float, measured: Estimate, n_customers: int) -> Gap:
    threshold = 0.5 if kind == "wait" else wanted
    scale = {"leave": -1.0, "wait": 1.0, "complain": 1.0, "nps": -1 / 200}[kind] * measured.n
    value = measured.value or 0.0
    ends = [value if end is None else end for end in (measured.low, measured.high)]
    told = [min((each - threshold) * scale, n_customers) for each in (value, *ends)]
    return Gap(told[0], min(told), max(told))


def _behind(kind: Kind, found: JourneyMap, here: StageMap) -> Mapping[str, float]:
    """Where those went who left, or which complaints there were."""
    if kind == "complain":
        counts = dict(here.complaints)
    else:
        onward = found.journey.onward(here.stage) if kind == "leave" else frozenset()
        ways = [way for way in found.transitions if way.origin == here.stage.name and way.onto not in onward]
        counts = {way.onto: float(way.n) for way in ways} if kind == "leave" else {}
    return {name: n for name, n in sorted(counts.items(), key=lambda each: -each[1]) if n > 0}
