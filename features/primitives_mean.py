"""Means: of all answers, of the newest against the others, of a kind among all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.primitives import Array, Block, OneByOne, Part, Primitive, Told, later, plus, total
from features.primitives_decay import DecayedSum, fading
from features.primitives_plain import AddingUp
from features.primitives_value import LastValue, renew
from features.runs import Runs
from features.selector import Probe


@dataclass(frozen=True, slots=True)
class Mean(AddingUp, OneByOne):
    """The mean of a number over all facts that tell it.

    Parameters: `probe`, which skips what is not a number (`required`).
    """

    probe: Probe
    kind: ClassVar[str] = "mean"

    def parts(self) -> tuple[Part, ...]:
        """Two columns: the sum and the count."""
        return (Part("sum", self.probe, "value"), Part("n", self.probe, "one"))

    @staticmethod
    def at(state: Block, _now: Array, _parameter: Array, /) -> Array:
        """Sum over count."""
        return state[0] / np.where(state[1] > 0, state[1], np.nan)

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], _now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        return _ratios(*parts)


@dataclass(frozen=True, slots=True)
class Trend(Primitive, OneByOne):
    """The newest number less the mean of all others: above 0 it went up.

    Parameters: `probe`, which skips what is not a number (`required`).
    """

    probe: Probe
    kind: ClassVar[str] = "trend"

    def parts(self) -> tuple[Part, ...]:
        """Four columns: the newest number and its time, the sum and the count."""
        newest = (Part("value", self.probe, "value"), Part("at", self.probe, "time"))
        return (*newest, Part("sum", self.probe, "value"), Part("n", self.probe, "one"))

    @staticmethod
    def merge(a: Block, b: Block, parameter: Array, /) -> Block:
        """The newer number, both sums, both counts."""
        newest = LastValue.merge(a[:2], b[:2], parameter)
        return (*newest, total(a[2], b[2]), total(a[3], b[3]))

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        for (value, at, summed, n), (given, moment, number, one), _ in told:
            renew(state, (value, at), (given, moment))
            state[summed] = plus(state[summed], number)
            state[n] = plus(state[n], one)

    @staticmethod
    def fold(facts: Block, runs: Runs, parameter: Array, /) -> Block:
        """The newest number, the sum, the count."""
        return (*LastValue.fold(facts[:2], runs, parameter), runs.total(facts[2]), runs.total(facts[3]))

    @staticmethod
    def at(state: Block, _now: Array, _parameter: Array, /) -> Array:
        """NaN where fewer than two numbers are known."""
        newest, _, summed, n = state
        others = np.where(n > 1, n - 1, np.nan)
        return newest - (summed - newest) / others

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], _now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        states = zip(*parts, strict=True)
        return [last - (summed - last) / (n - 1) if n > 1 else float("nan") for last, _, summed, n in states]


@dataclass(frozen=True, slots=True)
class Share(Primitive, OneByOne):
    """The share of facts that read a certain number, among all that are looked at; each counts half after a half-life.

    Parameters: `probe`, whose number is a code; `of`, the code that is counted; `half_life_us`, above 0.
    """

    probe: Probe
    of: float
    half_life_us: float
    kind: ClassVar[str] = "share"

    def parts(self) -> tuple[Part, ...]:
        """Three columns: the decayed count of what is meant, and of all, and the time they are as of."""
        among = (Part("n", self.probe, "one"), Part("at", self.probe, "time"))
        return (Part("hit", self.probe, "match", of=self.of), *among)

    @property
    def parameter(self) -> float:
        """The half-life."""
        return self.half_life_us

    @staticmethod
    def merge(a: Block, b: Block, parameter: Array, /) -> Block:
        """Both counts as of the later time, added."""
        hit, at = DecayedSum.merge((a[0], a[2]), (b[0], b[2]), parameter)
        n, _ = DecayedSum.merge((a[1], a[2]), (b[1], b[2]), parameter)
        return (hit, n, at)

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        for (hit, n, at), (is_hit, one, moment), half_life in told:
            older, newer = fading(state[at], moment, half_life)
            state[hit] = plus(state[hit] * older, is_hit * newer)
            state[n] = plus(state[n] * older, one * newer)
            state[at] = later(state[at], moment)

    @staticmethod
    def fold(facts: Block, runs: Runs, parameter: Array, /) -> Block:
        """Both counts as of the latest time, added."""
        at = runs.largest(facts[2])
        weight = np.exp2((facts[2] - runs.each(at)) / parameter)
        return (runs.total(facts[0] * weight), runs.total(facts[1] * weight), at)

    @staticmethod
    def at(state: Block, _now: Array, _parameter: Array, /) -> Array:
        """Their ratio, which passing time does not change; NaN where nothing was looked at."""
        return state[0] / np.where(state[1] > 0, state[1], np.nan)

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], _now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        return _ratios(parts[0], parts[1])


def _ratios(sums: Sequence[float], counts: Sequence[float]) -> list[float]:
    """Each sum over its count; NaN where nothing was counted."""
    return [each / n if n > 0 else float("nan") for each, n in zip(sums, counts, strict=True)]
