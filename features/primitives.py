"""What a primitive is: the smallest state of a feature, how two states merge, and what they say at a moment.

A feature is declared once. Its primitive names the state columns and what one fact writes into them, `merge` joins two
states of the same feature, and `at` computes the documented value at a moment. Everything else follows: the update by
one fact merges the state with the fact's own; the bulk form is the running merge over sorted facts; the state of a
merged customer is the merge of both. `merge` is commutative and associative, and the empty state, NaN in every column,
is its identity: so the order of arrival is irrelevant to the current state.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from features.runs import Runs
from features.selector import Probe

Array = NDArray[np.float64]
Block = tuple[Array, ...]
"""One array for every part of the kind's state: of shape (n, n_features of the kind), with cells a third axis (cells).

A part that all features of the kind share has the second axis 1.
"""

Told = tuple[tuple[int, ...], tuple[float, ...], float]
"""What one fact says to one feature: the column of each part of its state, what is written there (NaN: nothing), and
the feature's parameter. A part with cells has the column of the cell that is written.
"""

SECOND_US = 1_000_000.0
DAY_US = 86_400 * SECOND_US


HALF_HOUR_US = 1_800 * SECOND_US
BITS = 48
"""Bits that a float64 keeps exactly, with room to spare."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a primitive's state, and what a fact writes into it.

    Parameters: `probe` finds the facts; `takes`, what is written: the number read (`value`), 1.0 (`one`), whether the
    number read is `of` (`match`), when the fact occurred in microseconds (`time`) or whole seconds (`second`), or a bit
    for the number read (`bit`). `cells` above 1: a fact writes one of so many columns, by its bit, else by its half
    hour. `shared`: one for all features of the kind, which are then of one view.
    """

    name: str
    probe: Probe
    takes: Literal["value", "one", "match", "time", "second", "bit"]
    cells: int = 1
    of: float = 0.0
    shared: bool = False

    def columns(self, owner: str) -> tuple[str, ...]:
        """The names of its state columns."""
        stem = f"{owner}__{self.name}"
        return (stem,) if self.cells == 1 else tuple(f"{stem}_{cell}" for cell in range(self.cells))


class Primitive(ABC):
    """One way to sum up a customer's past. An instance holds the parameters of one feature."""

    kind: ClassVar[str]
    nothing: ClassVar[float] = float("nan")
    """The documented value where no fact was ever seen: 0.0 for what is counted, else not known."""

    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """The parts of the state, in the order that `merge` and `at` take them."""

    @property
    def parameter(self) -> float:
        """The number that `merge` and `at` need of each feature, such as a half-life in microseconds."""
        return float("nan")

    @staticmethod
    @abstractmethod
    def merge(a: Block, b: Block, parameter: Array, /) -> Block:
        """The state after the facts of both; `parameter` has shape (n_features of the kind,)."""

    @staticmethod
    @abstractmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """Merge what one fact says to features of the kind into a customer's state, in place: `merge` without arrays.

        Every feature that the fact says something to is told at once.
        """

    @staticmethod
    @abstractmethod
    def fold(facts: Block, runs: Runs, parameter: Array, /) -> Block:
        """The states after all facts of each run: what `merge` makes of them, one after the other.

        Parameters: `facts`, the state of each alone; `parameter`, as its features stand, or of shape (n, 1).
        """

    @staticmethod
    @abstractmethod
    def at(state: Block, now: Array, parameter: Array, /) -> Array:
        """The documented values at `now`, shape (n, 1), in microseconds; NaN stands for `nothing`."""


class OneByOne(ABC):
    """A kind of many small steps, which plain Python takes faster for one customer than numpy does on arrays of one."""

    @staticmethod
    @abstractmethod
    def at_one(parts: Sequence[Sequence[float]], now: float, parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer: from the columns of each part, the moment in microseconds and the parameters."""


def total(a: Array, b: Array) -> Array:
    """The sum, where NaN stands for nothing at all.

    >>> total(np.array([1.0, np.nan, np.nan]), np.array([2.0, 3.0, np.nan]))
    array([ 3.,  3., nan])
    """
    return np.where(np.isnan(a), b, np.where(np.isnan(b), a, a + b))


def plus(a: float, b: float) -> float:
    """As `total`, of one number each."""
    return b if a != a else a if b != b else a + b


def later(a: float, b: float) -> float:
    """The larger of two numbers, where NaN stands for nothing at all.

    >>> later(1.0, float("nan")), later(float("nan"), 2.0)
    (1.0, 2.0)
    """
    return b if a != a or b > a else a


def earlier(a: float, b: float) -> float:
    """The smaller of two numbers, where NaN stands for nothing at all."""
    return b if a != a or b < a else a


def elapsed(since: Array, now: Array) -> Array:
    """Microseconds since then, zero for what is ahead of now, NaN where it never was.

    >>> elapsed(np.array([3.0, 9.0, np.nan]), np.array([5.0, 5.0, 5.0]))
    array([ 2.,  0., nan])
    """
    return np.maximum(now - since, 0.0)
