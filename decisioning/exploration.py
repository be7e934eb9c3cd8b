"""Exploration with exact probabilities: one distribution object both draws the action and states its probability."""

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import accumulate, islice

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION

Floats = NDArray[np.float64]


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


def ranking_key(name: str, priority: float) -> tuple[float, bool, str]:
    """The order of choices: higher priority first, then doing nothing, then the name; the order given is irrelevant."""
    return (-priority, name != NO_ACTION, name)


@dataclass(frozen=True, slots=True)
class Sampled:
    """Priorities as drawn from a posterior.

    Parameters: `names` of the rows of `table` (n, n_draws), best first: it wins a tie.
    """

    names: tuple[str, ...]
    table: Floats

    def of(self, names: tuple[str, ...]) -> "Sampled":
        """The rows of these names, in their order."""
        return self if names == self.names else Sampled(names, self.table[[self.names.index(name) for name in names]])

    @property
    def shares(self) -> list[float]:
        """How often each comes first.

        >>> Sampled(("b", "a"), np.array([[1.0, 0.0], [1.0, 2.0]])).shares
        [0.5, 0.5]
        """
        first = np.bincount(self.table.argmax(axis=0), minlength=len(self.names)) / self.table.shape[1]
        found: list[float] = first.tolist()
        return found


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be drawn, ordered once and then only reduced, however many ranks are drawn.

    Parameters: `names`, in the fixed order of every distribution; `ranking`, the same by `ranking_key`; `sampled`,
    their priorities as drawn from a posterior, in the order of `ranking`, where there is one.
    """

    names: tuple[str, ...]
    ranking: tuple[str, ...]
    sampled: Sampled | None = None

    @classmethod
    def of(cls, priorities: Mapping[str, float], sampled: Sampled | None = None) -> "Choices":
        """Order choices by name, and by priority. Parameters: `sampled`, in any order.

        >>> Choices.of({"a": 1.0, "b": 2.0}).ranking
        ('b', 'a')
        """
        ranking = sorted(priorities, key=lambda name: ranking_key(name, priorities[name]))
        return cls._of(tuple(sorted(priorities)), tuple(ranking), sampled)

    @property
    def best(self) -> str:
        """The first choice by priority."""
        return self.ranking[0]

    def without(self, gone: Collection[str]) -> "Choices":
        """What is left when these are taken out."""
        names = tuple([name for name in self.names if name not in gone])
        return self._of(names, tuple([name for name in self.ranking if name not in gone]), self.sampled)

    @classmethod
    def _of(cls, names: tuple[str, ...], ranking: tuple[str, ...], sampled: Sampled | None) -> "Choices":
        return cls(names, ranking, sampled.of(ranking) if sampled and ranking else None)

    def distribution(self, epsilon: float) -> Distribution:
        """What is drawn from: by priority, or by the shares of a posterior's draws, with ε spread evenly."""
        if self.sampled is None:
            return self.epsilon_greedy(epsilon)
        floor, first = epsilon / len(self.names), dict(zip(self.ranking, self.sampled.shares, strict=True))
        return Distribution({name: floor + (1.0 - epsilon) * first[name] for name in self.names})

    def epsilon_greedy(self, epsilon: float) -> Distribution:
        """The first choice by priority with 1 − ε, plus ε spread evenly over all choices.

        Parameters: `epsilon` in [0, 1]. At least one choice is needed; each has at least ε / n.
        """
        floor = epsilon / len(self.names)
        return Distribution({**dict.fromkeys(self.names, floor), self.best: floor + (1.0 - epsilon)})


def epsilon_greedy(priorities: Mapping[str, float], epsilon: float) -> Distribution:
    """The ε-greedy distribution over choices of these priorities (at least one); see `Choices.epsilon_greedy`.

    >>> epsilon_greedy({"a": 1.0, "b": 2.0}, 0.5).probabilities
    {'a': 0.25, 'b': 0.75}
    """
    return Choices.of(priorities).epsilon_greedy(epsilon)
