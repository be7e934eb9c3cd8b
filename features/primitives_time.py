"""Times: how long ago something happened last, or first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.primitives import DAY_US, Array, Block, OneByOne, Part, Primitive, Told, earlier, elapsed
from features.primitives_plain import KeepingLatest
from features.runs import Runs
from features.selector import Probe


@dataclass(frozen=True, slots=True)
class LastAt(KeepingLatest, OneByOne):
    """Days since it happened last."""

    probe: Probe
    kind: ClassVar[str] = "last_at"

    def parts(self) -> tuple[Part, ...]:
        """One column: the newest time."""
        return (Part("at", self.probe, "time"),)

    @staticmethod
    def at(state: Block, now: Array, _parameter: Array, /) -> Array:
        """Days since; NaN where it never happened."""
        return elapsed(state[0], now) / DAY_US

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        return [max(now - at, 0.0) / DAY_US if at == at else at for at in parts[0]]


@dataclass(frozen=True, slots=True)
class FirstAt(Primitive, OneByOne):
    """Days since it happened first."""

    probe: Probe
    kind: ClassVar[str] = "first_at"

    def parts(self) -> tuple[Part, ...]:
        """One column: the oldest time."""
        return (Part("at", self.probe, "time"),)

    @staticmethod
    def merge(a: Block, b: Block, _parameter: Array, /) -> Block:
        """The earlier one."""
        return (np.fmin(a[0], b[0]),)

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        for (column,), (moment,), _ in told:
            state[column] = earlier(state[column], moment)

    @staticmethod
    def fold(facts: Block, runs: Runs, _parameter: Array, /) -> Block:
        """The earliest."""
        return (runs.smallest(facts[0]),)

    @staticmethod
    def at(state: Block, now: Array, _parameter: Array, /) -> Array:
        """Days since; NaN where it never happened."""
        return elapsed(state[0], now) / DAY_US

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], now: float, parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        return LastAt.at_one(parts, now, parameter)
