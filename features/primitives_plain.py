"""Primitives whose columns each go their own way: all add up, all keep the latest, or there are none.

Each states one rule in its three forms: of two states, of one fact, of many.
"""

from collections.abc import Sequence

import numpy as np

from features.primitives import Array, Block, Part, Primitive, Told, later, plus, total
from features.runs import Runs


class AddingUp(Primitive):
    """Every column is a sum."""

    @staticmethod
    def merge(a: Block, b: Block, _parameter: Array, /) -> Block:
        """The sum of each."""
        return tuple(map(total, a, b))

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        for columns, numbers, _ in told:
            for column, number in zip(columns, numbers, strict=True):
                state[column] = plus(state[column], number)

    @staticmethod
    def fold(facts: Block, runs: Runs, _parameter: Array, /) -> Block:
        """The sum of each."""
        return tuple(map(runs.total, facts))


class KeepingLatest(Primitive):
    """Every column is a time, of which the latest counts."""

    @staticmethod
    def merge(a: Block, b: Block, _parameter: Array, /) -> Block:
        """The later of each."""
        return tuple(map(np.fmax, a, b))

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        for columns, numbers, _ in told:
            for column, number in zip(columns, numbers, strict=True):
                state[column] = later(state[column], number)

    @staticmethod
    def fold(facts: Block, runs: Runs, _parameter: Array, /) -> Block:
        """The latest of each."""
        return tuple(map(runs.largest, facts))


class Stateless(Primitive):
    """Looks at no fact and keeps no state: its values are computed after `at`, from other features."""

    def parts(self) -> tuple[Part, ...]:
        """No column."""
        return ()

    @staticmethod
    def merge(_a: Block, _b: Block, _parameter: Array, /) -> Block:
        """Nothing."""
        return ()

    @staticmethod
    def add(_state: list[float], _told: Sequence[Told], /) -> None:
        """Nothing."""

    @staticmethod
    def fold(_facts: Block, _runs: Runs, _parameter: Array, /) -> Block:
        """Nothing."""
        return ()

    @staticmethod
    def at(_state: Block, now: Array, parameter: Array, /) -> Array:
        """Not known, until the other features are."""
        return np.full((len(now), len(parameter)), np.nan)
