"""Paces: how many days between two of a kind, and how many days until what was opened is closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import ClassVar

import numpy as np

from features.primitives import (
    DAY_US,
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
from features.primitives_plain import AddingUp
from features.runs import Runs
from features.selector import Probe


@dataclass(frozen=True, slots=True)
class Gap(Primitive, OneByOne):
    """The mean number of days between one and the next."""

    probe: Probe
    kind: ClassVar[str] = "gap"

    def parts(self) -> tuple[Part, ...]:
        """Three columns: the oldest time, the newest, the count."""
        times = (Part("first", self.probe, "time"), Part("last", self.probe, "time"))
        return (*times, Part("n", self.probe, "one"))

    @staticmethod
    def merge(a: Block, b: Block, _parameter: Array, /) -> Block:
        """The earlier, the later, the sum."""
        return (np.fmin(a[0], b[0]), np.fmax(a[1], b[1]), total(a[2], b[2]))

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        for (first, last, n), (moment, _, one), _ in told:
            state[first] = earlier(state[first], moment)
            state[last] = later(state[last], moment)
            state[n] = plus(state[n], one)

    @staticmethod
    def fold(facts: Block, runs: Runs, _parameter: Array, /) -> Block:
        """The earliest, the latest, the sum."""
        return (runs.smallest(facts[0]), runs.largest(facts[1]), runs.total(facts[2]))

    @staticmethod
    def at(state: Block, _now: Array, _parameter: Array, /) -> Array:
        """NaN where it happened less than twice."""
        gaps = np.where(state[2] > 1, state[2] - 1, np.nan)
        return (state[1] - state[0]) / gaps / DAY_US

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], _now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        of_each = zip(*parts, strict=True)
        return [(last - first) / (n - 1) / DAY_US if n > 1 else float("nan") for first, last, n in of_each]


@dataclass(frozen=True, slots=True)
class OpenTime(AddingUp, OneByOne):
    """The mean number of days that what was opened was, or still is, open.

    The state is two counts and two sums of whole seconds, which are exact in any order: Σ closed − Σ opened, plus now
    for each that is still open, is the time that all of them were open, whichever end belongs to which beginning.
    """

    opened: Probe
    closed: Probe
    kind: ClassVar[str] = "open_time"

    def parts(self) -> tuple[Part, ...]:
        """Four columns: opened and closed, each as count and sum of times."""
        opened = (Part("opened", self.opened, "one"), Part("opened_s", self.opened, "second"))
        return (*opened, Part("closed", self.closed, "one"), Part("closed_s", self.closed, "second"))

    @staticmethod
    def at(state: Block, now: Array, _parameter: Array, /) -> Array:
        """NaN where nothing was opened, or more was closed than is known to be opened."""
        opened, opened_s, closed, closed_s = (np.fmax(part, 0.0) for part in state)
        still = np.where(opened >= closed, opened - closed, np.nan)
        open_s = closed_s - opened_s + still * np.floor(now / SECOND_US)
        mean_s: Array = open_s / np.where(opened > 0, opened, np.nan)
        return np.maximum(mean_s * (SECOND_US / DAY_US), 0.0)

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        return [_mean_open(state, now) for state in zip(*parts, strict=True)]


def _mean_open(state: Sequence[float], now: float) -> float:
    opened, opened_s, closed, closed_s = state
    known, known_s = (closed, closed_s) if closed == closed else (0.0, 0.0)
    if not opened > 0 or known > opened:
        return float("nan")
    open_s = known_s - opened_s + (opened - known) * floor(now / SECOND_US)
    return max(open_s / opened * (SECOND_US / DAY_US), 0.0)
