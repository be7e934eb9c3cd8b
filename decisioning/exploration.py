"""Exploration with exact probabilities: one distribution object both draws the action and states its probability."""

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import accumulate, islice

from decisioning.action import NO_ACTION


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
class Choices:
    """What may be drawn, ordered once and then only reduced, however many ranks are drawn.

    Parameters: `names`, in the fixed order of every distribution; `ranking`, the same by `ranking_key`.
    """

    names: tuple[str, ...]
    ranking: tuple[str, ...]

    @classmethod
    def of(cls, priorities: Mapping[str, float]) -> "Choices":
        """Order choices by name, and by priority.

        >>> Choices.of({"a": 1.0, "b": 2.0}).ranking
        ('b', 'a')
        """
        ranking = sorted(priorities, key=lambda name: ranking_key(name, priorities[name]))
        return cls(tuple(sorted(priorities)), tuple(ranking))

    @property
    def best(self) -> str:
        """The first choice by priority."""
        return self.ranking[0]

    def without(self, gone: Collection[str]) -> "Choices":
        """What is left when these are taken out."""
        names = tuple([name for name in self.names if name not in gone])
        return Choices(names, tuple([name for name in self.ranking if name not in gone]))

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
