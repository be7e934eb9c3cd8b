"""Exploration with exact probabilities: one distribution object both draws the action and states its probability."""

from collections.abc import Mapping
from dataclasses import dataclass

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
        cumulated = 0.0
        for name, probability in self.probabilities.items():
            cumulated += probability
            if uniform < cumulated:
                return name
        return max(self.probabilities, key=self.probabilities.__getitem__)


def ranking_key(name: str, priority: float) -> tuple[float, bool, str]:
    """The order of choices: higher priority first, then doing nothing, then the name; the order given is irrelevant."""
    return (-priority, name != NO_ACTION, name)


def epsilon_greedy(priorities: Mapping[str, float], epsilon: float) -> Distribution:
    """The first choice by priority with 1 − ε, plus ε spread evenly over all choices.

    Parameters: `priorities` of the eligible choices (at least one); `epsilon` in [0, 1]. Each choice has at least
    ε / n; the probabilities sum to 1.

    >>> epsilon_greedy({"a": 1.0, "b": 2.0}, 0.5).probabilities
    {'a': 0.25, 'b': 0.75}
    """
    best = min(priorities, key=lambda name: ranking_key(name, priorities[name]))
    floor = epsilon / len(priorities)
    return Distribution({name: floor + (1.0 - epsilon if name == best else 0.0) for name in sorted(priorities)})
