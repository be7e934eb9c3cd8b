"""Stays: how long each customer was in each stage, what came next, and what happened meanwhile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from decisioning.condition_array import Numbers
from decisioning.journey import Journey
from features.fact_reader import Index
from features.journey.declared import DeclaredJourneys
from features.journey.timeline import Moments, Timeline
from features.journey.walk import Walk, Walker
from features.primitives import Array
from features.runs import ends, starts

OPEN = -1
"""What comes next in a stay that goes on."""


@dataclass(frozen=True, slots=True)
class Period:
    """What is looked at: [since, until), in microseconds since the epoch."""

    since_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays by customer and then time; arrays of shape (n,) but where said.

    Parameters: `customer`, a number; `place`, see `Walk`; `entered_us` and `left_us` (the end of the period where it
    goes on); `onto`, the next place, `OPEN` where it goes on; `score` and `value`, the last that was seen; `touches`
    (n, n_channels) and `complaints` (n, n_kinds), how many in the period; `answers` (n, 3), of the satisfaction feature
    in the period: 0 to 6, 7 and 8, 9 and 10.
    """

    customer: Index
    place: Index
    entered_us: Moments
    left_us: Moments
    onto: Index
    score: Numbers
    value: Numbers
    touches: Array
    complaints: Array
    answers: Array

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, kept: Index) -> "Stays":
        """Some of them."""
        return Stays(*(getattr(self, each.name)[kept] for each in fields(self)))


def joined(parts: Sequence[Stays]) -> Stays:
    """Stays of different customers together."""
    return Stays(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Stays)))


def stays(timeline: Timeline, walker: Walker, declared: DeclaredJourneys, period: Period) -> Stays:
    """The stays of the customers of a timeline, up to the end of a period."""
    walk = walker.walk(timeline, period.until_us)
    customer = timeline.customer[walk.point]
    run = np.cumsum(_begins(customer, walk.place)) - 1
    first, last = starts(run), ends(run)
    same = np.zeros(len(first), dtype=np.bool_)
    same[:-1] = customer[first[1:]] == customer[first[:-1]]
    place = walk.place[first]
    following = np.roll(first, -1)
    seen = _Seen(timeline, _run_of_points(walk, customer, run, walker.journey), len(first), period)
    return Stays(
        customer[first],
        place,
        walk.at_us[first],
        np.where(same, walk.at_us[following], period.until_us),
        np.where(same, walk.place[following], OPEN),
        walk.scores[last],
        walk.values[last],
        seen.counted(declared.channels.values()),
        seen.complaints(declared),
        seen.answers(walker.journey.satisfaction),
    )


def _begins(customer: Index, place: Index) -> Index:
    changed = np.ones(len(customer), dtype=np.intp)
    changed[1:] = (customer[1:] != customer[:-1]) | (place[1:] != place[:-1])
    return changed


def _run_of_points(walk: Walk, customer: Index, run: Index, journey: Journey) -> Index:
    """The stay in which what changed at each point happened: the one before, unless that was none of a stage."""
    first = starts(walk.point)
    before = np.maximum(first - 1, 0)
    stayed = (first > 0) & (customer[before] == customer[first]) & (walk.place[before] < len(journey.stages))
    return np.where(stayed, run[before], run[first])


class _Seen:
    """What happened at the points of a timeline, added up by stay."""

    def __init__(self, timeline: Timeline, run: Index, n_stays: int, period: Period) -> None:
        self._run, self._n = run, n_stays
        points = np.arange(len(timeline))
        self._state = timeline.state(points, np.zeros(len(points), dtype=np.int64))
        self._columns = {name: place for place, name in enumerate(timeline.layout.columns)}
        self._new = np.ones(len(timeline), dtype=np.bool_)
        self._new[1:] = timeline.customer[1:] != timeline.customer[:-1]
        self._within = (timeline.at_us >= period.since_us) & (timeline.at_us < period.until_us)

    def counted(self, features: Iterable[str]) -> Array:
        """How often what each of some counts counts happened."""
        return self._stack([self._by_stay(self._more(f"{feature}__n")) for feature in features])

    def complaints(self, declared: DeclaredJourneys) -> Array:
        """Complaints of each kind."""
        return self._stack(
            [
                self._by_stay(self._more(f"{each.feature}__n"))
                if each.below is None
                else self._by_stay(self._answered(each.feature, below=each.below))
                for each in declared.complaints
            ]
        )

    def answers(self, feature: str) -> Array:
        """Answers of 0 to 6, of 7 and 8, and of 9 and 10."""
        if not feature or f"{feature}__at" not in self._columns:
            return np.zeros((self._n, 3))
        poor, fair, all_ = (self._by_stay(self._answered(feature, below=below)) for below in (7.0, 9.0, np.inf))
        return np.stack([poor, fair - poor, all_ - fair], axis=1)

    def _more(self, column: str) -> Array:
        """By how much a count rose at each point."""
        count = np.nan_to_num(self._state[:, self._columns[column]])
        before = np.where(self._new, 0.0, np.append(0.0, count[:-1]))
        return np.maximum(count - before, 0.0)

    def _answered(self, feature: str, *, below: float) -> Array:
        """1 where there is a new answer below a number."""
        value, at = (self._state[:, self._columns[f"{feature}__{part}"]] for part in ("value", "at"))
        before = np.where(self._new, np.nan, np.append(np.nan, at[:-1]))
        with np.errstate(invalid="ignore"):
            fresh = ~np.isnan(at) & ~(at <= before) & (value < below)
        return fresh.astype(np.float64)

    def _by_stay(self, amount: Array) -> Array:
        weights = np.where(self._within, amount, 0.0)
        return np.bincount(self._run, weights=weights, minlength=self._n).astype(np.float64)

    def _stack(self, columns: Sequence[Array]) -> Array:
        return np.stack(columns, axis=1) if columns else np.zeros((self._n, 0))
