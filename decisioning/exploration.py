"""Exploration with exact probabilities: one distribution object both draws the action and states its probability."""

from _random import Random as Generator
from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import accumulate, compress, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
_IDLE = np.zeros(1)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Probabilities over named choices, in a fixed order; they sum to 1."""

    probabilities: Mapping[str, float]

    def draw(self, uniform: float) -> str:
        """The choice at `uniform` in [0, 1) of the cumulative distribution.

        >>> Distribution({"a": 0.25, "b": 0.75}).draw(0.3)
        'b'
        """
        place = bisect_right(list(accumulate(self.probabilities.values())), uniform)
        if place < len(self.probabilities):
            return next(islice(self.probabilities, place, None))
        return max(self.probabilities, key=self.probabilities.__getitem__)


class Choices(NamedTuple):
    """What may be drawn, doing nothing first and then by name: of equal ones, the first is preferred.

    Parameters: `names`; `priority` (n,); `drawn`, priorities as drawn from a posterior (n, n_draws), or None;
    `ordered`, whether the names have another order, in which equal ones are preferred.
    """

    names: tuple[str, ...]
    priority: Floats
    drawn: Floats | None = None
    ordered: bool = False

    def by_preference(self, order: Places | None) -> "Choices":
        """In another order of preference; None leaves it as it is."""
        if order is None:
            return self
        names = tuple([self.names[at] for at in order.tolist()])
        return Choices(names, self.priority[order], None if self.drawn is None else self.drawn[order], ordered=True)

    def or_nothing(self) -> "Choices":
        """With doing nothing among them, of priority 0.

        >>> Choices(("a", "b"), np.array([-1.0, 0.0])).or_nothing().best
        'no_action'
        """
        names, priority = (NO_ACTION, *self.names), np.concatenate((_IDLE, self.priority))
        if self.drawn is None:
            return Choices(names, priority, None, self.ordered)
        still = np.zeros((1, self.drawn.shape[1]))
        return Choices(names, priority, np.concatenate((still, self.drawn)), self.ordered)

    @property
    def best(self) -> str:
        """The first choice by priority."""
        return self.names[self.priority.argmax()]

    def without(self, gone: Collection[str]) -> "Choices":
        """What is left when these are taken out."""
        left = [name not in gone for name in self.names]
        drawn = None if self.drawn is None else self.drawn[left]
        return Choices(tuple(compress(self.names, left)), self.priority[left], drawn, self.ordered)

    def only(self, names: Collection[str]) -> "Choices":
        """These alone."""
        return self.without(set(self.names).difference(names))

    def distribution(self, epsilon: float) -> Distribution:
        """What is drawn from, with ε spread evenly: the first by priority, or by the shares of a posterior's draws.

        Parameters: `epsilon` in [0, 1]. At least one choice is needed; each has at least ε / n.
        """
        floor, rest = epsilon / len(self.names), 1.0 - epsilon
        if self.drawn is None:
            first = {**dict.fromkeys(self.names, floor), self.best: floor + rest}
        else:
            share = rest / self.drawn.shape[1]
            found = [floor + share * count for count in first_counts(self.drawn)]
            first = dict(zip(self.names, found, strict=True))
        return Distribution(_by_name(first) if self.ordered or self.names[0] == NO_ACTION else first)


def generator_of(seed: int) -> Generator:
    """What draws by a decision's seed: the numbers of `random.Random`, in half of its time without its Python."""
    return Generator(seed)


def first_counts(drawn: Floats) -> list[int]:
    """In how many draws each row comes first; a tie goes to the row above.

    >>> first_counts(np.array([[1.0, 0.0], [1.0, 2.0]]))
    [1, 1]
    """
    counts: list[int] = np.bincount(drawn.argmax(axis=0), minlength=len(drawn)).tolist()
    return counts


def first_of_each(draws: Floats) -> list[int]:
    """As `first_counts`, of draws that are rows (n_draws, n).

    >>> first_of_each(np.array([[1.0, 0.0], [1.0, 2.0]]))
    [1, 1]
    """
    counts: list[int] = np.bincount(draws.argmax(axis=1), minlength=draws.shape[1]).tolist()
    return counts


def _by_name(first: dict[str, float]) -> dict[str, float]:
    return {name: first[name] for name in sorted(first)}
