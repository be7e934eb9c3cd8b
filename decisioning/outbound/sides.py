"""Who scores whom in a batch: the champion, and a challenger those of its share, as in single decisions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisioning.catalog import Placement
from decisioning.condition_array import Column, Numbers
from decisioning.eligibility import CompiledCatalog
from decisioning.errors import TsugiError
from decisioning.outbound.block import Block, foreseen_of_all, weighed
from decisioning.outbound.crowd import Crowd
from decisioning.ports import Scorer
from decisioning.rollout import Rollout
from decisioning.slate import Places


@dataclass(frozen=True, slots=True)
class Sides:
    """A champion, and what is rolled out beside it. A challenger that fails scores nobody of the block."""

    champion: Scorer
    rollout: Rollout | None = None

    def weighed(self, crowd: Crowd, compiled: CompiledCatalog, placement: Placement) -> Block:
        """The block of a crowd, each scored by whoever decides for them."""
        taken = self._taken(crowd, compiled)
        if self.rollout is None or not taken.any():
            return weighed(crowd, compiled, placement, self.champion)
        mine, others = np.flatnonzero(taken), np.flatnonzero(~taken)
        try:
            block = weighed(crowd.take(mine), compiled, placement, self.rollout.scorer)
        except TsugiError:
            return weighed(crowd, compiled, placement, self.champion)
        rest = weighed(crowd.take(others), compiled, placement, self.champion)
        return _joined(crowd, (block, mine), (rest, others))

    def foreseen(self, crowd: Crowd, compiled: CompiledCatalog) -> Mapping[str, Column]:
        """What is foreseen of everybody by whoever decides for them, by the names that conditions have for it.

        Raises the `TsugiError` of a scorer that fails.
        """
        taken = self._taken(crowd, compiled)
        if self.rollout is None or not taken.any():
            return foreseen_of_all(self.champion, crowd)
        both = ((self.rollout.scorer, np.flatnonzero(taken)), (self.champion, np.flatnonzero(~taken)))
        told = [(foreseen_of_all(scorer, crowd.take(places)), places) for scorer, places in both if places.size]
        names = dict.fromkeys(name for found, _ in told for name in found)
        return {name: _numbers([(found.get(name), at) for found, at in told], len(crowd)) for name in names}

    def _taken(self, crowd: Crowd, compiled: CompiledCatalog) -> NDArray[np.bool_]:
        if self.rollout is None or self.rollout.shadows:
            return np.zeros(len(crowd), dtype=np.bool_)
        arms = compiled.catalog.holdout
        return np.array([self.rollout.takes(each, arms) for each in crowd.ids], dtype=np.bool_)


def _numbers(parts: Sequence[tuple[Column | None, Places]], n: int) -> Numbers:
    """One column (n,) of what stands at some places each; NaN of those of whom nothing is said."""
    column = np.full(n, np.nan)
    for part, places in parts:
        column[places] = np.nan if part is None else part
    return column


def _joined(crowd: Crowd, *parts: tuple[Block, Places]) -> Block:
    """One block of several, whose customers stand at these places of the crowd; one of them at most has factors."""
    blocks = [block for block, _ in parts]
    order = np.argsort(np.concatenate([places for _, places in parts]))
    arms = [arm for block in blocks for arm in block.arms]
    bundles = [bundle for block in blocks for bundle in block.bundles]
    factors = [block.factors.among(at, len(crowd)) for block, at in parts if block.factors is not None]
    preferences = [block.preference for block in blocks if block.preference is not None]
    return Block(
        ids=crowd.ids,
        slate=blocks[0].slate,
        priority=np.concatenate([block.priority for block in blocks])[order],
        propensity=np.concatenate([block.propensity for block in blocks])[order],
        arms=[arms[at] for at in order.tolist()],
        stopped=sum((Counter(block.stopped) for block in blocks), Counter[str]()),
        bundles=[bundles[at] for at in order.tolist()],
        preference=np.concatenate(preferences)[order] if preferences else None,
        factors=factors[0] if factors else None,
    )
