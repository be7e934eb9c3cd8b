"""What is drawn for each customer of a block once pools have prices: the draw of a single decision, in columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from decisioning.decide import decision_id_of, seed_of
from decisioning.exploration import generator_of
from decisioning.pool import Pool, draws_of
from decisioning.slate import Slate

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
NOBODY = -1
"""The place of the candidate of who is offered nothing."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What candidates take from shared pools, and what is left of these.

    Parameters: `pools`, r of them; `takes` (m, r) and `left` (r,), in units; `scale` (r,), units for one of an amount.
    """

    pools: tuple[Pool, ...]
    takes: NDArray[np.int64]
    left: NDArray[np.int64]
    scale: Floats

    @classmethod
    def of(cls, slate: Slate, pools: Sequence[Pool], used: Mapping[str, int]) -> "Terms":
        """The pools that any of these candidates draws from; what could not be read has nothing left."""
        drawn = [dict(draws_of(pools, each.action, [each.treatment])) for each in slate.candidates]
        shared = tuple(pool for pool in pools if any(pool.key in each for each in drawn))
        takes = np.array([[each.get(pool.key, 0) for pool in shared] for each in drawn], dtype=np.int64)
        left = [max(pool.units - used.get(pool.key, pool.units), 0) for pool in shared]
        scale = np.array([pool.scale for pool in shared], dtype=np.float64)
        return cls(shared, takes.reshape(len(drawn), len(shared)), np.array(left, dtype=np.int64), scale)

    def charges(self, prices: Floats) -> Floats:
        """What the pools charge for each candidate (m,), at prices (r,); summed as `pool.charge` does."""
        total = np.zeros(len(self.takes))
        for nth, price in enumerate(prices.tolist()):
            total += price * (self.takes[:, nth] / self.scale[nth])
        return total

    def taken(self, chosen: Places) -> NDArray[np.int64]:
        """What some choices take of each pool (r,)."""
        counts = np.bincount(chosen[chosen != NOBODY], minlength=len(self.takes))
        found: NDArray[np.int64] = counts @ self.takes
        return found


@dataclass(frozen=True, slots=True)
class Chances:
    """How each of n customers draws.

    Parameters: `uniform` (n,), the decision's own draw; `epsilon` (n,); `must_fill` leaves doing nothing out where
    anything may be offered.
    """

    uniform: Floats
    epsilon: Floats
    must_fill: bool

    def take(self, rows: Places) -> "Chances":
        """Those of some customers."""
        return Chances(self.uniform[rows], self.epsilon[rows], self.must_fill)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn, (n,) each.

    Parameters: `chosen`, the place of the candidate (`NOBODY`: nothing); its `priority` after prices; the `probability`
    that it was drawn; `explored`, whether chance put it in the place of the best; `required`, whether it is mandatory.
    """

    chosen: Places
    priority: Floats
    probability: Floats
    explored: NDArray[np.bool_]
    required: NDArray[np.bool_]

    @property
    def given(self) -> NDArray[np.bool_]:
        """Where prices had no say."""
        return self.explored | self.required


def uniforms(run: str, ids: Sequence[str], salt: str) -> Floats:
    """The first draw of each customer's decision within a run: of the request `run:customer`."""
    seeds = [seed_of(decision_id_of(f"{run}:{each}", salt)) for each in ids]
    return np.array([generator_of(seed).random() for seed in seeds])


def draw(priority: Floats, slate: Slate, chances: Chances, charges: Floats) -> Drawn:
    """Draw for each customer. Parameters: `priority` (n, m) before prices, NaN where not offered; `charges` (m,)."""
    best, height = _best_treatments(priority - charges, slate)
    actions = [slate.names[at] for at in slate.starts.tolist()]
    order = sorted(range(len(actions) + 1), key=lambda nth: [*actions, NO_ACTION][nth])
    nothing = order.index(len(actions))
    probability, first = _distribution(height, chances, order, nothing)
    required = _require(height, slate, probability, first, order)
    drawn = _placed(probability, chances.uniform)
    rows = np.arange(len(drawn))
    nth = np.array(order)[drawn]
    acts = nth < len(actions)
    column = np.where(acts, nth, 0)
    return Drawn(
        chosen=np.where(acts, best[rows, column], NOBODY),
        priority=np.where(acts, height[rows, column], 0.0),
        probability=probability[rows, drawn],
        explored=drawn != first,
        required=required,
    )


def _best_treatments(priority: Floats, slate: Slate) -> tuple[Places, Floats]:
    """Of each action, the first treatment by priority: its place (n, n_actions), and its priority (−∞: none)."""
    known = np.where(np.isnan(priority), -np.inf, priority)
    bounds = [*slate.starts.tolist(), priority.shape[1]]
    if slate.single:
        return np.broadcast_to(np.arange(priority.shape[1]), priority.shape), known
    best = np.stack([first + known[:, first:last].argmax(axis=1) for first, last in pairwise(bounds)], axis=1)
    return best, np.take_along_axis(known, best, axis=1)


def _distribution(height: Floats, chances: Chances, order: Sequence[int], nothing: int) -> tuple[Floats, Places]:
    """P(each choice) by name (n, n_actions + 1), and which comes first by priority; as `exploration.Choices`."""
    n, offered = len(height), np.isfinite(height)
    idle = np.full(n, fill_value=not chances.must_fill) | (offered.sum(axis=1) == 0)
    given = np.concatenate([height, np.where(idle, 0.0, -np.inf)[:, np.newaxis]], axis=1)[:, order]
    possible = np.concatenate([offered, idle[:, np.newaxis]], axis=1)[:, order]
    first = given.argmax(axis=1)
    first = np.where(idle & (given[np.arange(n), first] <= 0.0), nothing, first)
    floor = chances.epsilon / possible.sum(axis=1)
    probability = np.where(possible, floor[:, np.newaxis], 0.0)
    probability[np.arange(n), first] = floor + (1.0 - chances.epsilon)
    return probability, first


def _require(
    height: Floats, slate: Slate, probability: Floats, first: Places, order: Sequence[int]
) -> NDArray[np.bool_]:
    """Make the best of what is mandatory certain where any of it is offered; where that is (n,)."""
    mandatory = np.array([slate.candidates[at].action.mandatory for at in slate.starts.tolist()], dtype=np.bool_)
    best = np.where(mandatory, height, -np.inf)
    rows = np.flatnonzero(best.max(axis=1, initial=-np.inf) > -np.inf)
    places = np.argsort(np.array(order))[best[rows].argmax(axis=1)] if rows.size else np.zeros(0, dtype=np.intp)
    probability[rows] = 0.0
    probability[rows, places] = 1.0
    first[rows] = places
    found = np.zeros(len(height), dtype=np.bool_)
    found[rows] = True
    return found


def _placed(probability: Floats, uniform: Floats) -> Places:
    """Which choice lies at `uniform` of the cumulative distribution; as `exploration.Distribution.draw`."""
    above = np.cumsum(probability, axis=1) > uniform[:, np.newaxis]
    found: Places = np.where(above.any(axis=1), above.argmax(axis=1), probability.argmax(axis=1))
    return found
