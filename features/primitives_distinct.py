"""How many different things: a bit for each bucket that was met."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.primitives import BITS, Array, Block, OneByOne, Part, Primitive, Told
from features.readings import BUCKETS
from features.runs import Runs
from features.selector import Probe

_CELLS = BUCKETS // BITS
_ESTIMATE = np.rint(BUCKETS * np.log(BUCKETS / np.fmax(BUCKETS - np.arange(BUCKETS + 1), 0.5)))
"""By how many buckets were met."""
_ESTIMATES = _ESTIMATE.tolist()


@dataclass(frozen=True, slots=True)
class Distinct(Primitive, OneByOne):
    """About how many different values a property had: as a rule exact up to a handful, within 5 % up to a hundred.

    Linear counting (Whang, Vander-Zanden and Taylor, ACM TODS 1990): of 192 buckets, z were never met, and
    n ≈ −192·ln(z / 192), as a whole number.

    Parameters: `probe`, which reads the bucket of a value (`via="bucket"`, `required`).
    """

    probe: Probe
    kind: ClassVar[str] = "distinct"
    nothing: ClassVar[float] = 0.0

    def parts(self) -> tuple[Part, ...]:
        """One part of four columns with 48 bits each."""
        return (Part("bits", self.probe, "bit", cells=_CELLS),)

    @staticmethod
    def merge(a: Block, b: Block, _parameter: Array, /) -> Block:
        """What either met."""
        met = (_bits(a[0]) | _bits(b[0])).astype(np.float64)
        return (np.where(np.isnan(a[0]) & np.isnan(b[0]), np.nan, met),)

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        for (column,), (bit,), _ in told:
            met = state[column]
            state[column] = float(int(met) | int(bit)) if met == met else bit

    @staticmethod
    def fold(facts: Block, runs: Runs, _parameter: Array, /) -> Block:
        """What any of them met."""
        met = np.bitwise_or.reduceat(_bits(facts[0]), runs.first, axis=0).astype(np.float64)
        return (np.where(np.isnan(runs.largest(facts[0])), np.nan, met),)

    @staticmethod
    def at(state: Block, _now: Array, _parameter: Array, /) -> Array:
        """The estimate."""
        estimated: Array = _ESTIMATE[np.bitwise_count(_bits(state[0])).sum(axis=2)]
        return estimated

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], _now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        met = [int(bits).bit_count() if bits == bits else 0 for bits in parts[0]]
        return [_ESTIMATES[sum(met[place : place + _CELLS])] for place in range(0, len(met), _CELLS)]


def _bits(columns: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.fmax(columns, 0.0).astype(np.int64)
