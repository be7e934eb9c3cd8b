"""The map of a journey over a period: stages, what leads where, how long it takes, and how it is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from decisioning.condition_array import Flags
from decisioning.journey import Journey, Stage
from features.fact_reader import Index
from features.journey.declared import DeclaredJourneys
from features.journey.statistic import Estimate, Survival, mean, share, within
from features.journey.stays import OPEN, Period, Stays
from features.primitives import DAY_US, Array
from features.runs import ends


@dataclass(frozen=True)
class StageMap:
    """One stage over a period.

    Parameters: `customers`, who were in it; `entries`, how often it was entered; `now`, who are in it at the end;
    `conversion`, of customers who entered early enough to be judged; `days`, quartiles of how long a stay lasts, stays
    that go on counted as such; `beyond`, the share of stays longer than the target; `touches` by channel and
    `complaints` by kind, all of them and per customer; `complaining`, complaints per customer; `nps`, of the answers
    given; `score` of those in it at the end; `value` of a customer, in money.
    """

    stage: Stage
    customers: int
    entries: int
    now: int
    conversion: Estimate
    days: Mapping[str, Estimate]
    beyond: Estimate
    touches: Mapping[str, float]
    complaints: Mapping[str, float]
    complaining: Estimate
    nps: Estimate
    score: Estimate
    value: Estimate


@dataclass(frozen=True, slots=True)
class Transition:
    """From one place to another in the period. Parameters: `days`, the median of the stays that ended so."""

    origin: str
    onto: str
    n: int
    days: float


class JourneyMap:
    """What the stays in one journey say about a period.

    Parameters: `found`, stays up to the end of the period, by customer and then time.
    """

    def __init__(self, journey: Journey, found: Stays, declared: DeclaredJourneys, period: Period) -> None:
        self.journey = journey
        self.period = period
        self.places = (*journey.names, "outside", "inactive")
        self._declared = declared
        self._here = found.where(np.flatnonzero(found.left_us > period.since_us))
        self._entered = self._here.entered_us >= period.since_us

    @cached_property
    def stages(self) -> tuple[StageMap, ...]:
        """Every stage, in order."""
        return tuple(self._stage(stage) for stage in self.journey.stages)

    @cached_property
    def score(self) -> Estimate:
        """The journey's score: the mean of those who are in one of its stages at the end."""
        here = self._here
        return mean(here.score[(here.onto == OPEN) & (here.place < len(self.journey.stages))])

    @cached_property
    def elsewhere(self) -> Mapping[str, int]:
        """How many are in no stage, and how many have left, at the end."""
        now = self._here.place[self._here.onto == OPEN]
        return {name: int((now == self.places.index(name)).sum()) for name in ("outside", "inactive")}

    @cached_property
    def transitions(self) -> tuple[Transition, ...]:
        """Every way from one place to another that was taken in the period, the most frequent first."""
        here, n_places = self._here, len(self.places)
        moved = np.flatnonzero((here.onto != OPEN) & (here.left_us < self.period.until_us))
        ways = here.place[moved] * n_places + here.onto[moved]
        days = (here.left_us - here.entered_us)[moved] / DAY_US
        found = [(int(way), days[ways == way]) for way in np.unique(ways)]
        taken = [
            Transition(self.places[way // n_places], self.places[way % n_places], len(each), float(np.median(each)))
            for way, each in found
        ]
        return tuple(sorted(taken, key=lambda each: (-each.n, each.origin, each.onto)))

    def _stage(self, stage: Stage) -> StageMap:
        place = self.journey.names.index(stage.name)
        here = self._here.where(np.flatnonzero(self._here.place == place))
        entered = here.entered_us >= self.period.since_us
        goes_on = here.onto == OPEN
        customers, who = np.unique(here.customer, return_inverse=True)
        lasting = Survival((here.left_us - here.entered_us)[entered] / DAY_US, ~goes_on[entered])
        kinds = [complaint.name for complaint in self._declared.complaints]
        return StageMap(
            stage,
            customers=len(customers),
            entries=int(entered.sum()),
            now=int(goes_on.sum()),
            conversion=self._conversion(stage, place),
            days={f"p{round(100 * part)}": lasting.quantile(part) for part in (0.25, 0.5, 0.75)},
            beyond=lasting.beyond(stage.targets.median_days) if stage.targets.median_days else Estimate(0),
            touches=_summed(tuple(self._declared.channels), here.touches),
            complaints=_summed(kinds, here.complaints),
            complaining=mean(np.bincount(who, here.complaints.sum(axis=1), len(customers)).astype(np.float64)),
            nps=_nps(here.answers),
            score=mean(here.score[goes_on]),
            value=mean(here.value[ends(here.customer)]),
        )

    def _conversion(self, stage: Stage, place: int) -> Estimate:
        """Of customers by their first entry in the period, those whose time is over: the share that came further."""
        onward = [self.journey.names.index(name) for name in self.journey.onward(stage)]
        if not onward:
            return Estimate(0)
        window_us = round(stage.targets.within_days * DAY_US)
        here = self._here
        entries = np.flatnonzero((here.place == place) & self._entered)
        first = entries[np.unique(here.customer[entries], return_index=True)[1]]
        judged = first[here.entered_us[first] + window_us <= self.period.until_us]
        reached = self._next(np.isin(here.place, onward))[judged]
        within = (reached >= 0) & (here.entered_us[reached] - here.entered_us[judged] <= window_us)
        return share(int(within.sum()), len(judged))

    def _next(self, wanted: Flags) -> Index:
        """After each stay the customer's next one that is wanted; -1 where there is none."""
        here, n = self._here, len(self._here)
        later = np.where(wanted, np.arange(n), n)
        following = np.full(n, n)
        following[:-1] = np.minimum.accumulate(later[::-1])[::-1][1:]
        known = np.minimum(following, n - 1)
        return np.where((following < n) & (here.customer[known] == here.customer), following, -1)


def _summed(names: tuple[str, ...] | list[str], counts: Array) -> Mapping[str, float]:
    return dict(zip(names, counts.sum(axis=0).tolist(), strict=True))


def _nps(answers: Array) -> Estimate:
    """Promoters (9, 10) less detractors (0 to 6), per hundred answers."""
    poor, fair, good = (round(each) for each in answers.sum(axis=0).tolist())
    return within(mean(np.repeat([-100.0, 0.0, 100.0], [poor, fair, good])), -100.0, 100.0)
