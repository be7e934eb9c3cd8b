"""When what the clock moves comes to a number: between two events every feature moves one way, so it does so once.

A stage can change without any event: a customer falls silent, an interest fades. Solving for the moment finds the
change to two microseconds; what cannot be solved (two moving features compared, arithmetic) is looked at daily.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from decisioning.condition_tree import (
    Always,
    Among,
    Comparison,
    Constant,
    Every,
    Missing,
    Name,
    Negation,
    Some,
    Truth,
    names_in,
)
from features.feature import Feature
from features.primitives import DAY_US, HALF_HOUR_US, Array, Primitive
from features.primitives_count import Count, OpenCount
from features.primitives_decay import DecayedSum
from features.primitives_distinct import Distinct
from features.primitives_mean import Mean, Share, Trend
from features.primitives_pace import Gap
from features.primitives_response import Unanswered
from features.primitives_time import FirstAt, LastAt
from features.primitives_value import LastValue
from features.primitives_visit import CELLS, Visit

Solver = Callable[[Array, float, float], Array]
"""From a state, shape (n, n_parts), a number and the parameter to when the feature is that number, shape (n,)."""

STILL: tuple[type[Primitive], ...] = (Count, OpenCount, LastValue, Distinct, Mean, Trend, Share, Gap)
"""Primitives that the clock does not move."""


def _since(state: Array, days: float, _parameter: float) -> Array:
    return state[:, 0] + days * DAY_US


def _faded(state: Array, amount: float, half_life_us: float) -> Array:
    if amount <= 0.0:
        return np.full(len(state), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        moment: Array = state[:, 1] + half_life_us * np.log2(state[:, 0] / amount)
    return moment


def _expired(state: Array, _flag: float, window_us: float) -> Array:
    return state[:, 0] + window_us


def _visited(state: Array, _number: float, _parameter: float) -> Array:
    """The end of a visit, when whatever it was becomes zero."""
    newest: Array = np.fmax.reduce(state[:, CELLS : 2 * CELLS], axis=1)
    return newest + HALF_HOUR_US


SOLVERS: Mapping[type[Primitive], Solver] = {
    LastAt: _since,
    FirstAt: _since,
    DecayedSum: _faded,
    Unanswered: _expired,
    Visit: _visited,
}


def crossing(feature: Feature, state: Array, number: float) -> Array:
    """When the feature comes to the number, in microseconds; NaN where it never does. Parameters: see `Solver`."""
    return SOLVERS[type(feature.primitive)](state, number, feature.primitive.parameter)


class Clock:
    """What moves the truth of some conditions without an event.

    Parameters: `features`, by name. After it is made: `numbers`, the pairs of a feature and a number at whose crossing
    the truth may change; `daily`, whether there is more to it, so that every day must be looked at.
    """

    def __init__(self, features: Mapping[str, Feature]) -> None:
        self._features = features
        self.numbers: set[tuple[str, float]] = set()
        self.daily = False

    def add(self, tree: Truth) -> None:
        """Take in the comparisons of a condition."""
        for atom in _atoms(tree):
            moving = {name for name in names_in(atom) if self._moves(name)}
            if not moving or isinstance(atom, Missing):
                continue
            pair = _pair(atom)
            if pair is None or type(self._features[pair[0]].primitive) not in SOLVERS:
                self.daily = True
            else:
                self.numbers.add(pair)

    def _moves(self, name: str) -> bool:
        return not isinstance(self._features[name].primitive, STILL)


def _pair(atom: Truth) -> tuple[str, float] | None:
    """The feature and the number that a comparison compares, where it compares no more."""
    match atom:
        case Comparison(_, Name(name), Constant(float(number))) | Comparison(_, Constant(float(number)), Name(name)):
            return name, number
        case _:
            return None


def _atoms(tree: Truth) -> Iterator[Truth]:
    match tree:
        case Every(parts) | Some(parts):
            for part in parts:
                yield from _atoms(part)
        case Negation(inner):
            yield from _atoms(inner)
        case Comparison() | Among() | Missing():
            yield tree
        case Always():
            return
