"""Age: what a date of birth is today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np

from features.primitives import DAY_US, Array, Block, OneByOne, Part, Primitive, Told
from features.primitives_value import LastValue
from features.readings import day_number
from features.runs import Runs
from features.selector import Probe

_EPOCH = date(1970, 1, 1).toordinal()
OLDEST = 120.0
"""Years; a date of birth longer ago is a mistake."""


@dataclass(frozen=True, slots=True)
class Age(Primitive, OneByOne):
    """Whole years since the newest date told, by the calendar.

    Parameters: `probe`, which reads a day as the number YYYYMMDD (`via="day"`).
    """

    probe: Probe
    kind: ClassVar[str] = "age"

    def parts(self) -> tuple[Part, ...]:
        """Two columns: the day and when it was told."""
        return (Part("value", self.probe, "value"), Part("at", self.probe, "time"))

    @staticmethod
    def merge(a: Block, b: Block, parameter: Array, /) -> Block:
        """The day told later."""
        return LastValue.merge(a, b, parameter)

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        LastValue.add(state, told)

    @staticmethod
    def fold(facts: Block, runs: Runs, parameter: Array, /) -> Block:
        """The day told last."""
        return LastValue.fold(facts, runs, parameter)

    @staticmethod
    def at(state: Block, now: Array, _parameter: Array, /) -> Array:
        """Whole years; NaN where no day is known, or one that nobody alive was born on."""
        years = np.floor((_today(now) - state[0]) / 10_000)
        return np.where((years >= 0) & (years <= OLDEST), years, np.nan)

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        today = day_number(date.fromordinal(_EPOCH + int(now // DAY_US)))
        years = [(today - day) // 10_000 for day in parts[0]]
        return [each if 0 <= each <= OLDEST else float("nan") for each in years]


def _today(now: Array) -> Array:
    """The UTC day of moments, as the numbers YYYYMMDD.

    >>> _today(np.array([[1_772_323_200e6], [1_772_323_199e6]])).tolist()
    [[20260301.0], [20260228.0]]
    """
    day = np.floor(now / DAY_US).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    months = month.astype(np.int64) + 1970 * 12
    of_month = (day - month.astype("datetime64[D]")).astype(np.int64) + 1
    today: Array = (months // 12 * 10_000 + (months % 12 + 1) * 100 + of_month).astype(np.float64)
    return today
