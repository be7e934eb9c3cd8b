"""Where one customer stands in each journey, and since when: from their facts alone, without history or data frames."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from decisioning.customer import FeatureValue
from features.fact import Fact
from features.fact_reader import Hits
from features.feature_set import FeatureSet
from features.instant import from_us, to_us
from features.journey.declared import SCORE, STAGE
from features.journey.needed import columns_by_view, needed_features
from features.journey.timeline import FOR_EVER_US, Moments, Timeline, ViewRows, timeline
from features.journey.walk import Walker
from features.lift import View
from features.primitives import Array
from features.runs import ends

MICROSECOND = timedelta(microseconds=1)


def customer_ways(
    facts: Sequence[Fact], features: FeatureSet, values: Mapping[str, FeatureValue], *, now: datetime
) -> list[dict[str, Any]]:
    """Each journey with the customer's stage, since when, and the score.

    Parameters: `facts`, all of one customer; `values`, the customer's features now. `since` is when the stage was
    entered, as it was known then (None in no stage); for who is `inactive`, silent for the journey's `inactive_days`,
    it is when that began.
    """
    journeys = features.journeys.journeys
    if not journeys:
        return []
    needed = needed_features(features, journeys)
    line = timeline(_rows(facts, features, columns_by_view(needed), to_us(now)), needed)
    walkers = [Walker(journey, needed) for journey in journeys]
    return [_way(walker, _since(walker, line, to_us(now)), values) for walker in walkers]


def _way(walker: Walker, entered: tuple[int, datetime] | None, values: Mapping[str, FeatureValue]) -> dict[str, Any]:
    journey = walker.journey
    place, since = entered or (len(journey.stages), None)
    outside = place == len(journey.stages)
    return {
        "journey": journey.name,
        "stage": values[STAGE + journey.name],
        "since": None if outside or since is None else since.isoformat().replace("+00:00", "Z"),
        "inactive": place > len(journey.stages),
        "score": values[SCORE + journey.name],
    }


def _since(walker: Walker, line: Timeline, now_us: int) -> tuple[int, datetime] | None:
    """Where the customer is now, as `Walk` numbers places, and when that began; None where nothing was recorded."""
    if not len(line):
        return None
    walk = walker.walk(line, now_us)
    elsewhere = np.flatnonzero(walk.place != walk.place[-1])
    entered = elsewhere[-1] + 1 if elsewhere.size else 0
    return int(walk.place[-1]), from_us(int(walk.at_us[entered]))


def _rows(
    facts: Sequence[Fact], features: FeatureSet, columns: Mapping[str, tuple[str, ...]], now_us: int
) -> list[ViewRows]:
    """The states of every view after each change, as the history has them; what is dated ahead counts from now on."""
    told = sorted(facts, key=lambda fact: fact.known_us)
    hits = features.reader.read(told)
    occurred_us = np.array([fact.occurred_us for fact in told], dtype=np.float64)
    known_us = np.array([min(fact.known_us, now_us) for fact in told], dtype=np.int64)
    return [_view_rows(features.view(view), hits, (occurred_us, known_us), columns[view]) for view in columns]


def _view_rows(view: View, hits: Hits, times: tuple[Array, Moments], wanted: tuple[str, ...]) -> ViewRows:
    occurred_us, known_us = times
    group = np.zeros(len(known_us), dtype=np.intp)
    before = np.full((1, len(view.columns)), np.nan)
    touched, after = view.trace(hits, occurred_us, group=group, before=before)
    final = ends(known_us[touched])
    ttl_us = view.ttl // MICROSECOND if view.ttl else FOR_EVER_US
    places = [view.columns.index(column) for column in wanted]
    return ViewRows(group[touched][final], known_us[touched][final], after[final][:, places], wanted, ttl_us)
