"""What a primitive is: the smallest state of a feature, how two states merge, and what they say at a moment.

A feature is declared once. Its primitive names the state columns and what one fact writes into them, `merge` joins two
states of the same feature, and `at` computes the documented value at a moment. Everything else follows: the update by
one fact merges the state with the fact's own; the bulk form is the running merge over sorted facts; the state of a
merged customer is the merge of both. `merge` is commutative and associative, and the empty state, NaN in every column,
is its identity: so the order of arrival is irrelevant to the current state.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from features.selector import Probe

Array = NDArray[np.float64]
Block = tuple[Array, ...]
"""One array of shape (n, n_features of the kind) for every part of the kind's state."""

SECOND_US = 1_000_000.0
DAY_US = 86_400 * SECOND_US


@dataclass(frozen=True, slots=True)
class Part:
    """One state column of a primitive, and what a fact writes into it.

    Parameters: `probe` finds the facts; `takes` the number it reads, or the time the fact occurred.
    """

    name: str
    probe: Probe
    takes: Literal["value", "time"]


class Primitive(ABC):
    """One way to sum up a customer's past. An instance holds the parameters of one feature."""

    kind: ClassVar[str]
    nothing: ClassVar[float] = float("nan")
    """The documented value where no fact was ever seen: 0.0 for what is counted, else not known."""

    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """The state columns, in the order that `merge` and `at` take them."""

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
    def at(state: Block, now: Array, parameter: Array, /) -> Array:
        """The documented values at `now`, shape (n, 1), in microseconds; NaN stands for `nothing`."""


def total(a: Array, b: Array) -> Array:
    """The sum, where NaN stands for nothing at all.

    >>> total(np.array([1.0, np.nan, np.nan]), np.array([2.0, 3.0, np.nan]))
    array([ 3.,  3., nan])
    """
    return np.where(np.isnan(a), b, np.where(np.isnan(b), a, a + b))


def elapsed(since: Array, now: Array) -> Array:
    """Microseconds since then, zero for what is ahead of now, NaN where it never was.

    >>> elapsed(np.array([3.0, 9.0, np.nan]), np.array([5.0, 5.0, 5.0]))
    array([ 2.,  0., nan])
    """
    return np.maximum(now - since, 0.0)
