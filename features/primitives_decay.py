"""Sums that fade: each fact counts half after a half-life."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp2
from typing import ClassVar

import numpy as np

from features.primitives import Array, Block, Part, Primitive, Told, elapsed, later, plus, total
from features.runs import Runs
from features.selector import Probe


@dataclass(frozen=True, slots=True)
class DecayedSum(Primitive):
    """Σ amount · 2^(−age / half-life) over the facts.

    The state is the sum as of the newest fact and that fact's time, so a late fact enters with the weight it would have
    had (forward decay; Cormode et al., ICDE 2009).

    Parameters: `probe`, whose number is the amount (1.0 counts); `half_life_us`, above 0.
    """

    probe: Probe
    half_life_us: float
    kind: ClassVar[str] = "decayed_sum"
    nothing: ClassVar[float] = 0.0

    def parts(self) -> tuple[Part, ...]:
        """Two columns: the sum, and the time it is as of."""
        return (Part("sum", self.probe, "value"), Part("at", self.probe, "time"))

    @property
    def parameter(self) -> float:
        """The half-life."""
        return self.half_life_us

    @staticmethod
    def merge(a: Block, b: Block, parameter: Array, /) -> Block:
        """Both sums as of the later time, added."""
        at = np.fmax(a[1], b[1])
        older = a[0] * np.exp2((a[1] - at) / parameter)
        newer = b[0] * np.exp2((b[1] - at) / parameter)
        return (total(older, newer), at)

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        for (place, at), (amount, moment), half_life in told:
            older, newer = fading(state[at], moment, half_life)
            state[place] = plus(state[place] * older, amount * newer)
            state[at] = later(state[at], moment)

    @staticmethod
    def fold(facts: Block, runs: Runs, parameter: Array, /) -> Block:
        """All sums as of the latest time, added."""
        at = runs.largest(facts[1])
        return (runs.total(facts[0] * np.exp2((facts[1] - runs.each(at)) / parameter)), at)

    @staticmethod
    def at(state: Block, now: Array, parameter: Array, /) -> Array:
        """The sum as of now."""
        return state[0] * np.exp2(elapsed(state[1], now) / -parameter)


def fading(before: float, moment: float, half_life: float) -> tuple[float, float]:
    """By what a sum as of before and an amount of a moment are multiplied, as of the later of both."""
    if before < moment:
        return exp2((before - moment) / half_life), 1.0
    return (1.0, exp2((moment - before) / half_life)) if before > moment else (1.0, 1.0)
