"""Walks a journey over a timeline: at every moment that may matter, where each customer is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from decisioning.condition import read_condition
from decisioning.condition_array import Column, Numbers, Words
from decisioning.journey import Journey
from decisioning.journey_array import JourneyColumns
from features.fact_reader import Index
from features.feature import Feature
from features.journey.crossing import Clock, crossing
from features.journey.timeline import Moments, Timeline
from features.primitives import DAY_US, Array
from features.state import Layout

BLOCK = 100_000
"""Points whose features are computed at once."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Where customers were, at moments by customer and then time.

    Parameters: `point`, shape (n,), of the timeline; `at_us`, shape (n,); `place`, shape (n,), the position of the
    stage, or one more than the last for those in none (`outside`), two more for those who left (`inactive`); `scores`
    and `values`, shape (n,), NaN where not known.
    """

    point: Index
    at_us: Moments
    place: Index
    scores: Numbers
    values: Numbers


class Walker:
    """One journey, ready to be walked.

    Parameters: `features`, those that the journey looks at, in the order of the timelines' layout.
    """

    def __init__(self, journey: Journey, features: Sequence[Feature]) -> None:
        self.journey = journey
        self._features = {feature.name: feature for feature in features}
        self._names = tuple(self._features)
        self._columns = JourneyColumns(journey)
        self._clock = Clock(self._features)
        for stage in journey.stages:
            self._clock.add(read_condition(stage.condition.text))
        self._clock.numbers.add((journey.activity, journey.inactive_days))

    def walk(self, timeline: Timeline, until_us: int) -> Walk:
        """Look at every point, at every moment in between at which a condition may change, and at the end."""
        point, at_us = self._moments(timeline, until_us)
        pieces = [
            self._seen(timeline, point[start : start + BLOCK], at_us[start : start + BLOCK])
            for start in range(0, len(point), BLOCK)
        ] or [self._seen(timeline, point, at_us)]
        place, scores, values = (np.concatenate([piece[part] for piece in pieces]) for part in range(3))
        return Walk(point, at_us, place.astype(np.intp), scores, values)

    def _moments(self, timeline: Timeline, until_us: int) -> tuple[Index, Moments]:
        """Points and the moments to look at each, by customer and then time."""
        following = timeline.until(until_us)
        found = [(np.arange(len(timeline)), timeline.at_us), (timeline.lasts(), following[timeline.lasts()])]
        found += [_between(timeline, each, following) for each in self._candidates(timeline)]
        if self._clock.daily:
            found.append(_days(timeline.at_us, following))
        point = np.concatenate([each[0] for each in found])
        at_us = np.concatenate([each[1] for each in found])
        order = np.lexsort((at_us, point))
        return point[order], at_us[order]

    def _candidates(self, timeline: Timeline) -> Iterator[Moments]:
        """For each point, the moments after which a condition may have changed."""
        points = np.arange(len(timeline))
        state = timeline.state(points, timeline.at_us)
        for name, number in sorted(self._clock.numbers):
            moment = crossing(self._features[name], _parts(state, timeline.layout, self._features[name]), number)
            yield np.where(np.isfinite(moment) & (moment > 0), np.nan_to_num(np.ceil(moment)) + 1, 0).astype(np.int64)
        for view in range(len(timeline.rows)):
            yield timeline.expiries(view) + 1

    def _seen(self, timeline: Timeline, point: Index, at_us: Moments) -> tuple[Array, Array, Array]:
        journey, n = self.journey, len(point)
        values = timeline.layout.at(timeline.state(point, at_us), at_us)
        columns = self._named(values)
        stages = self._columns.stages(columns, n=n)
        place = np.where(np.isnan(stages), len(journey.stages), stages)
        silent = columns[journey.activity]
        gone = np.zeros(n, dtype=np.bool_) if isinstance(silent, Words) else silent > journey.inactive_days
        worth = columns.get(journey.value)
        scores = self._columns.scores(columns, stages)
        return (
            np.where(gone, len(journey.stages) + 1, place),
            scores,
            np.full(n, np.nan) if worth is None or isinstance(worth, Words) else worth,
        )

    def _named(self, values: Array) -> Mapping[str, Column]:
        return {
            name: Words(values[:, place], self._features[name].one_of)
            if self._features[name].kind == "category"
            else values[:, place]
            for place, name in enumerate(self._names)
        }


def _between(timeline: Timeline, moment: Moments, following: Moments) -> tuple[Index, Moments]:
    """The moments that lie after their point and before the next one."""
    kept = np.flatnonzero((moment > timeline.at_us) & (moment < following))
    return kept, moment[kept]


def _days(at_us: Moments, following: Moments) -> tuple[Index, Moments]:
    """Every midnight (UTC) between a point and the next."""
    day = int(DAY_US)
    first = at_us // day + 1
    n_days = np.maximum((following - 1) // day - first + 1, 0)
    point = np.repeat(np.arange(len(at_us)), n_days)
    nth = np.arange(len(point)) - np.repeat(np.cumsum(n_days) - n_days, n_days)
    return point, (first[point] + nth) * day


def _parts(state: Array, layout: Layout, feature: Feature) -> Array:
    return state[:, [layout.columns.index(column) for column in feature.columns]]
