"""Paths: which stages customers went through, in order, and how many of each path came to the journey's end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisioning.journey import Journey
from features.fact_reader import Index
from features.journey.statistic import Estimate, share
from features.journey.stays import Period, Stays
from features.runs import starts

MOST_STEPS = 6
"""Stages of a path that are told apart; longer ones are cut there."""
MORE = -1


@dataclass(frozen=True, slots=True)
class Path:
    """The stages that some customers entered in the period, before the journey's end or up to now.

    Parameters: `stages`, each where it was first entered (`…` for what follows beyond the sixth); `reached`, the share
    of those customers who came to the journey's end in the period, after no other stage.
    """

    stages: tuple[str, ...]
    reached: Estimate


def paths(journey: Journey, found: Stays, period: Period, *, most: int = 20) -> tuple[Path, ...]:
    """The most frequent paths; to come back to a stage is no step, nor is being in none."""
    steps = found.where(_steps(journey, found, period))
    if not len(steps):
        return ()
    first = starts(steps.customer)
    group = np.cumsum(np.isin(np.arange(len(steps)), first)) - 1
    nth = np.arange(len(steps)) - first[group]
    arrived = _first(steps.place == journey.names.index(journey.end.name), group, nth)
    length = np.where(arrived < 0, np.bincount(group), arrived)
    routes = _routes(steps.place, (group, nth), length)
    walked = np.flatnonzero(length > 0)
    return _counted(journey, routes[walked], arrived[walked] >= 0)[:most]


def _steps(journey: Journey, found: Stays, period: Period) -> Index:
    """The first stay of each customer in each stage that was entered in the period."""
    n_stages = len(journey.stages)
    entered = np.flatnonzero((found.place < n_stages) & (found.entered_us >= period.since_us))
    first = np.unique(found.customer[entered] * n_stages + found.place[entered], return_index=True)[1]
    return np.sort(entered[first])


def _first(wanted: NDArray[np.bool_], group: Index, nth: Index) -> Index:
    """The first step of each group that is wanted; -1 where none is."""
    first = np.full(group[-1] + 1, -1, dtype=np.intp)
    steps = np.flatnonzero(wanted)[::-1]
    first[group[steps]] = nth[steps]
    return first


def _routes(place: Index, where: tuple[Index, Index], length: Index) -> Index:
    """The first steps of each customer, shape (n_customers, MOST_STEPS + 1); -2 where there are no more."""
    group, nth = where
    routes = np.full((len(length), MOST_STEPS + 1), -2, dtype=np.intp)
    kept = np.flatnonzero((nth < MOST_STEPS) & (nth < length[group]))
    routes[group[kept], nth[kept]] = place[kept]
    routes[length > MOST_STEPS, MOST_STEPS] = MORE
    return routes


def _counted(journey: Journey, routes: Index, arrived: NDArray[np.bool_]) -> tuple[Path, ...]:
    unique, which = np.unique(routes, axis=0, return_inverse=True)
    n, n_arrived = np.bincount(which.ravel()), np.bincount(which.ravel(), weights=arrived)
    order = np.lexsort((np.arange(len(n)), -n))
    names = dict(enumerate(journey.names)) | {MORE: "…"}
    return tuple(
        Path(
            tuple(names[step] for step in unique[place].tolist() if step in names),
            share(round(n_arrived[place]), int(n[place])),
        )
        for place in order.tolist()
    )
