"""Exploration with exact probabilities: what may be drawn. The urn both draws the action and states its probability."""

from _random import Random as Generator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
_IDLE = np.zeros(1)


class Choices(NamedTuple):
    """What may be drawn: doing nothing first and then by name, where nothing else is preferred.

    Parameters: `names`, in the order in which equal ones are preferred; `priority` (n,); `drawn`, priorities as drawn
    from a posterior (n, n_draws), or None.
    """

    names: tuple[str, ...]
    priority: Floats
    drawn: Floats | None = None

    def by_preference(self, order: Places | None) -> "Choices":
        """In another order of preference; None leaves it as it is."""
        if order is None:
            return self
        names = tuple([self.names[at] for at in order.tolist()])
        return Choices(names, self.priority[order], None if self.drawn is None else self.drawn[order])

    def or_nothing(self) -> "Choices":
        """With doing nothing among them, of priority 0.

        >>> Choices(("a", "b"), np.array([-1.0, 0.0])).or_nothing().best
        'no_action'
        """
        names, priority = (NO_ACTION, *self.names), np.concatenate((_IDLE, self.priority))
        if self.drawn is None:
            return Choices(names, priority, None)
        still = np.zeros((1, self.drawn.shape[1]))
        return Choices(names, priority, np.concatenate((still, self.drawn)))

    @property
    def best(self) -> str:
        """The first choice by priority."""
        return self.names[self.priority.argmax()]


def generator_of(seed: int) -> Generator:
    """What draws by a decision's seed: the numbers of `random.Random`, in half of its time without its Python."""
    return Generator(seed)


def soft_shares(priority: Floats, temperature: float) -> Floats:
    """P(each) of choices (…, n) by softmax: one whose priority is higher by the temperature is e times as likely.

    They are added up one after the other, so that choices that cannot be drawn (−∞) change nothing.

    >>> soft_shares(np.array([1.0, 1.0, -np.inf]), 2.0).tolist()
    [0.5, 0.5, 0.0]
    """
    with np.errstate(over="ignore"):
        weight = np.exp((priority - priority.max(axis=-1, keepdims=True)) / temperature)
    shares: Floats = weight / np.cumsum(weight, axis=-1)[..., -1:]
    return shares


def first_of_each(draws: Floats) -> list[int]:
    """In how many draws (n_draws, n) each comes first; a tie goes to the one before.

    >>> first_of_each(np.array([[1.0, 0.0], [1.0, 2.0]]))
    [1, 1]
    """
    counts: list[int] = np.bincount(draws.argmax(axis=1), minlength=draws.shape[1]).tolist()
    return counts
