"""The urn: what may still be drawn in one decision; every draw takes something out.

The first by priority has what exploration leaves, or each its share: of a posterior's draws, or by softmax, by which
lists are drawn as Plackett and Luce have it. ε is spread evenly over what is left. A law holds it to choices made anew
for each rank, to the last bit.
"""

from bisect import bisect_right
from collections.abc import Collection
from functools import lru_cache
from itertools import accumulate

import numpy as np

from decisioning.exploration import Choices, first_of_each, soft_shares

_GONE = -np.inf
"""A priority below every other."""


class Urn:
    """The choices of a decision, as they become fewer.

    Parameters: `choices`, all of them, priorities finite; `epsilon`, the exploration rate; `temperature` of a softmax
    over priorities (0.0: the first by priority), where none are drawn from a posterior.
    """

    def __init__(self, choices: Choices, epsilon: float, temperature: float = 0.0) -> None:
        self._names, self._epsilon, self._temperature = choices.names, epsilon, temperature
        self._priority = choices.priority
        self._place = {name: place for place, name in enumerate(choices.names)}
        self._left = [self._place[name] for name in sorted(choices.names)]
        self._is_left = [True] * len(choices.names)
        self._order: list[int] = np.argsort(-choices.priority, kind="stable").tolist()
        self._n_passed = 0
        self._drawn = None if choices.drawn is None else np.ascontiguousarray(choices.drawn.T)
        self._chances: list[float] = []

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return bool(self._left)

    @property
    def names(self) -> list[str]:
        """What is left, by name."""
        return [self._names[place] for place in self._left]

    @property
    def best(self) -> str:
        """The first by priority of what is left."""
        return self._names[self._first()]

    def best_of(self, names: Collection[str]) -> str:
        """The first by priority of some that are left."""
        return next(self._names[place] for place in self._order if self._names[place] in names)

    def take_out(self, gone: Collection[str]) -> None:
        """Leave these out from now on; what is not there any more already is."""
        self._chances = []
        for name in gone:
            place = self._place.get(name)
            if place is not None and self._is_left[place]:
                self._left.remove(place)
                self._is_left[place] = False
                if self._drawn is not None:
                    self._drawn[:, place] = _GONE
        while self._left and not self._is_left[self._order[self._n_passed]]:
            self._n_passed += 1

    def _first(self) -> int:
        """Where the first by priority of what is left stands."""
        return self._order[self._n_passed]

    def probabilities(self) -> list[float]:
        """P(each is drawn) of what is left, by name; each at least ε / n."""
        self._chances = self._chances or self._reckoned()
        return self._chances

    def _reckoned(self) -> list[float]:
        n, rest = len(self._left), 1.0 - self._epsilon
        floor = self._epsilon / n
        if self._drawn is None and self._temperature:
            shares = soft_shares(self._priority[self._left], self._temperature)
            return [floor + rest * each for each in shares.tolist()]
        if self._drawn is None:
            chances = [floor] * n
            chances[self._left.index(self._first())] = floor + rest
            return chances
        share, counts = rest / len(self._drawn), first_of_each(self._drawn)
        return [floor + share * counts[place] for place in self._left]

    def draw(self, uniform: float) -> tuple[str, float, bool]:
        """What lies at `uniform` in [0, 1) of the cumulative distribution; its probability, and whether it is best."""
        if self._drawn is None and not self._temperature and (best := self._best_at(uniform)):
            return best
        chances = self.probabilities()
        at = bisect_right(list(accumulate(chances)), uniform)
        if at == len(chances):
            at = chances.index(max(chances))
        place = self._left[at]
        return self._names[place], chances[at], place == self._first()

    def _best_at(self, uniform: float) -> tuple[str, float, bool] | None:
        """The first by priority, where it lies at `uniform`: nearly always, and then nothing else is added up."""
        n, place = len(self._left), self._order[self._n_passed]
        floor = self._epsilon / n
        chance = floor + (1.0 - self._epsilon)
        before = _added_up(floor, n)[self._left.index(place)]
        return (self._names[place], chance, True) if before <= uniform < before + chance else None


@lru_cache(maxsize=1024)
def _added_up(each: float, n: int) -> tuple[float, ...]:
    """What so many equal chances come to, one after the other: of none, of one, … of n."""
    return tuple(accumulate([each] * n, initial=0.0))
