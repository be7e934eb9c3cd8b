"""The current visit: what a customer did since the last pause of half an hour.

Which facts belong to one visit depends on all of them, in whatever order they arrive. Half hours of the clock make it a
bounded state that does not: facts within one are less than half an hour apart, so they are of one visit, and a half
hour without any ends it. A fact goes into the cell `half hour mod 4`; of two different half hours in one cell the later
stays. So the state is exact for visits of up to four half hours of the clock; of a longer one the last four count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from features.primitives import (
    HALF_HOUR_US,
    SECOND_US,
    Array,
    Block,
    OneByOne,
    Part,
    Primitive,
    Told,
    earlier,
    later,
    plus,
    total,
)
from features.runs import Runs
from features.segment import STANDING
from features.selector import Probe, Selector

CELLS = 4
"""Half hours of the clock that are kept of a visit."""
ACTIVITY = Probe(Selector(("track", "page", "screen"), besides=STANDING))
"""What a visit is made of: what the customer does, not what they, or who holds, say of what may be done."""
NEVER = Probe(Selector(()))
_RECENT = np.arange(CELLS)
_MINUTE_US = 60 * SECOND_US


@dataclass(frozen=True, slots=True)
class Visit(Primitive, OneByOne):
    """A sum over the current visit, never below zero, or how many minutes it lasts; zero once it is over.

    Parameters: `probe`, of facts that make a visit (track, page, screen), whose number is added up; `reset`, facts that
    empty the sum: it is zero while the newest of them is not before the newest fact of `probe`; `measure`.
    """

    probe: Probe
    reset: Probe = NEVER
    measure: Literal["sum", "minutes"] = "sum"
    kind: ClassVar[str] = "visit"
    nothing: ClassVar[float] = 0.0

    def parts(self) -> tuple[Part, ...]:
        """Per cell the first time and the last, for all features, and the sum; then when it was added to, and reset."""
        return (
            Part("first", ACTIVITY, "time", cells=CELLS, shared=True),
            Part("last", ACTIVITY, "time", cells=CELLS, shared=True),
            Part("sum", self.probe, "value", cells=CELLS),
            Part("at", self.probe, "time"),
            Part("reset", self.reset, "time"),
        )

    @property
    def parameter(self) -> float:
        """1.0 for minutes, else 0.0."""
        return float(self.measure == "minutes")

    @staticmethod
    def merge(a: Block, b: Block, _parameter: Array, /) -> Block:
        """Cell by cell: the later half hour, or both where it is the same."""
        half_hour_a, half_hour_b = _half_hour(a[0]), _half_hour(b[0])
        a_over, b_over = half_hour_a < half_hour_b, half_hour_b < half_hour_a
        a_first, a_last, a_sum = (np.where(a_over, np.nan, part) for part in a[:3])
        b_first, b_last, b_sum = (np.where(b_over, np.nan, part) for part in b[:3])
        cells = (np.fmin(a_first, b_first), np.fmax(a_last, b_last), total(a_sum, b_sum))
        return (*cells, np.fmax(a[3], b[3]), np.fmax(a[4], b[4]))

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        (first, last, *_), (moment, _, *_), _ = told[0]
        here, now = state[first] // HALF_HOUR_US, moment // HALF_HOUR_US
        is_over, is_past = here < now, now < here
        for (_, _, place, at, reset), (_, _, number, added_at, reset_at), _ in told:
            held = float("nan") if is_over else state[place]
            state[place] = held if is_past else plus(held, number)
            state[at] = later(state[at], added_at)
            state[reset] = later(state[reset], reset_at)
        if is_over:
            state[first], state[last] = moment, moment
        elif not is_past:
            state[first], state[last] = earlier(state[first], moment), later(state[last], moment)

    @staticmethod
    def fold(facts: Block, runs: Runs, _parameter: Array, /) -> Block:
        """Cell by cell: what is of the latest half hour, which is little of a long history."""
        half_hour = _half_hour(facts[0])
        is_over = half_hour < runs.each(runs.largest(half_hour))
        left = np.flatnonzero(~is_over.any(axis=(1, 2)))
        latest = Runs(np.searchsorted(left, runs.first), len(left))
        first, last, sums = (part[left] for part in facts[:3])
        cells = (latest.smallest(first), latest.largest(last), latest.total(sums))
        return (*cells, runs.largest(facts[3]), runs.largest(facts[4]))

    @staticmethod
    def at(state: Block, now: Array, parameter: Array, /) -> Array:
        """The sums, or minutes, of the visit that goes on; 0.0 half an hour after its last fact."""
        newest = np.fmax.reduce(state[1], axis=2)
        place = np.fmax(_half_hour(newest) - _RECENT, 0.0).astype(np.intp) % CELLS
        row = np.arange(len(place))[:, None]
        first, last = state[0][row, 0, place], state[1][row, 0, place]
        within = _within(first, last, newest)
        cells = state[2].transpose(0, 2, 1)[row, place]
        sums = np.where(within[:, :, None] & ~np.isnan(cells), cells, 0.0).sum(axis=1)
        began = np.fmin.reduce(np.where(within, first, np.nan), axis=1, keepdims=True)
        measured = np.where(parameter == 1.0, (newest - began) / _MINUTE_US, np.maximum(sums, 0.0))
        going_on = (now - newest < HALF_HOUR_US) & ~(state[4] >= state[3])
        return np.where(going_on, measured, 0.0)

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], now: float, parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        first, last, sums, added_at, reset_at = parts
        newest = max((time for time in last if time == time), default=float("nan"))
        if not now - newest < HALF_HOUR_US:
            return [0.0] * len(added_at)
        cells, began = _covered(first, last, newest)
        minutes = (newest - began) / _MINUTE_US
        measured = [minutes if each == 1.0 else _sum_of(sums, place, cells) for place, each in enumerate(parameter)]
        over = [reset >= added for reset, added in zip(reset_at, added_at, strict=True)]
        return [0.0 if is_over else value for is_over, value in zip(over, measured, strict=True)]


def _half_hour(times: Array) -> Array:
    return np.floor(times / HALF_HOUR_US)


def _within(first: Array, last: Array, newest: Array) -> NDArray[np.bool_]:
    """Which of the recent half hours, the newest first, the visit covers; shape (n, CELLS)."""
    here = _half_hour(first) == _half_hour(newest) - _RECENT
    here[:, 1:] &= first[:, :-1] - last[:, 1:] < HALF_HOUR_US
    return np.logical_and.accumulate(here, axis=1)


def _covered(first: Sequence[float], last: Sequence[float], newest: float) -> tuple[list[int], float]:
    """The cells of the visit, the newest first, and when it began."""
    half_hour, cells, began = floor(newest / HALF_HOUR_US), list[int](), newest
    for recent in range(half_hour, half_hour - CELLS, -1):
        cell = recent % CELLS
        here = first[cell] == first[cell] and floor(first[cell] / HALF_HOUR_US) == recent
        if not here or (cells and began - last[cell] >= HALF_HOUR_US):
            break
        cells.append(cell)
        began = first[cell]
    return cells, began


def _sum_of(sums: Sequence[float], place: int, cells: Sequence[int]) -> float:
    added = 0.0
    for cell in cells:
        held = sums[place * CELLS + cell]
        if held == held:
            added += held
    return max(added, 0.0)
