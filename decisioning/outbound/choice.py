"""What is drawn for each customer of a block once pools have prices: the draw of a single decision, in columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from decisioning.catalog import Catalog
from decisioning.decide import decision_id_of, seed_of
from decisioning.exploration import generator_of, soft_shares
from decisioning.outbound.request import request_id_of, request_of
from decisioning.outbound.sampling import Contest, Sampling
from decisioning.pool import Pool, draws_of
from decisioning.posterior_sampling import N_DRAWS
from decisioning.slate import Slate
from decisioning.stickiness import stuck_of

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Ranks = NDArray[np.int32]
Number = TypeVar("Number", np.float64, np.intp)
NOBODY = -1
"""The place of the candidate of who is offered nothing."""
AT_ONCE = 4_096
"""Customers drawn for at once."""


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
    anything may be offered; `preference` (n, m), the place of each candidate among equals (None: that of its name);
    `sampling`, where a fast layer's posterior is drawn from; `temperature` of a softmax, 0.0 where there is none.
    """

    uniform: Floats
    epsilon: Floats
    must_fill: bool
    preference: Ranks | None = None
    sampling: Sampling | None = None
    temperature: float = 0.0

    def take(self, rows: Places) -> "Chances":
        """Those of some customers."""
        preference = None if self.preference is None else self.preference[rows]
        sampling = None if self.sampling is None else self.sampling.take(rows)
        draws = self.uniform[rows], self.epsilon[rows]
        return Chances(*draws, self.must_fill, preference, sampling, self.temperature)

    @classmethod
    def joined(cls, parts: Sequence["Chances"]) -> "Chances":
        """Those of some customers, and of others after them."""
        uniform, epsilon = (np.concatenate(each) for each in zip(*[(p.uniform, p.epsilon) for p in parts], strict=True))
        preferences = [each.preference for each in parts if each.preference is not None]
        samplings = [each.sampling for each in parts if each.sampling is not None]
        return cls(
            uniform,
            epsilon,
            parts[0].must_fill,
            np.concatenate(preferences) if preferences else None,
            Sampling.joined(samplings) if samplings else None,
            parts[0].temperature,
        )


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

    @classmethod
    def joined(cls, parts: Sequence["Drawn"]) -> "Drawn":
        """What was drawn for some customers, and for others after them."""
        return cls(*(np.concatenate(each) for each in zip(*(part.arrays for part in parts), strict=True)))

    @property
    def arrays(self) -> tuple[Places, Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
        """All of them, in order."""
        return self.chosen, self.priority, self.probability, self.explored, self.required


def seeds(run: str, ids: Sequence[str], catalog: Catalog, *, placement: str) -> NDArray[np.uint64]:
    """The seed of each customer's decision within a run; one that stays where the catalogue asks for that."""

    def named(customer_id: str) -> str:
        if catalog.exploration.sticky:
            request = request_of(run, customer_id, placement=placement)
            if stuck := stuck_of(request, customer_id, catalog):
                return stuck
        return decision_id_of(request_id_of(run, customer_id), catalog.holdout.salt)

    return np.array([seed_of(named(each)) for each in ids], dtype=np.uint64)


def uniforms(seeds: NDArray[np.uint64]) -> Floats:
    """The first draw of each decision, by its seed."""
    return np.array([generator_of(each).random() for each in seeds.tolist()], dtype=np.float64)


def draw(priority: Floats, slate: Slate, chances: Chances, charges: Floats) -> Drawn:
    """Draw for each customer, some thousands at a time: what is made of them stays in the processor's own memory.

    Parameters: `priority` (n, m) before prices, NaN where not offered; `charges` (m,).
    """
    rows = np.arange(len(priority))
    parts = [rows[start : start + AT_ONCE] for start in range(0, max(len(rows), 1), AT_ONCE)]
    return Drawn.joined([_drawn(priority[some], slate, chances.take(some), charges) for some in parts])


def _drawn(priority: Floats, slate: Slate, chances: Chances, charges: Floats) -> Drawn:
    best, height = _best_treatments(priority - charges, slate)
    preference = None if chances.preference is None else np.take_along_axis(chances.preference, best, axis=1)
    actions = [slate.names[at] for at in slate.starts.tolist()]
    order = sorted(range(len(actions) + 1), key=lambda nth: [*actions, NO_ACTION][nth])
    first = _firsts(height, chances, preference)
    counts = None
    if chances.sampling is not None:
        told = best, np.isfinite(height), _may_idle(height, chances), _order(best, preference)
        counts = chances.sampling.counts(Contest(*told, first, priority, charges), slate)
    probability = _distribution(height, chances, first, counts)
    if counts is None and chances.temperature:
        probability = _softened(height, chances, order)
    required = _require(height, slate, probability, first, preference)
    drawn = np.array(order)[_placed(probability[:, order], chances.uniform)]
    acts = np.where(drawn < len(actions), drawn, NOBODY)
    return Drawn(
        chosen=picked(best, acts, NOBODY),
        priority=picked(height, acts, 0.0),
        probability=probability[np.arange(len(drawn)), drawn],
        explored=drawn != first,
        required=required,
    )


def picked(each: NDArray[Number], chosen: Places, otherwise: float) -> NDArray[Number]:
    """Of each row (n, m) what is chosen, and something else where that is nobody."""
    found, rows = np.full(len(each), otherwise, dtype=each.dtype), np.flatnonzero(chosen != NOBODY)
    found[rows] = each[rows, chosen[rows]]
    return found


def _best_treatments(priority: Floats, slate: Slate) -> tuple[Places, Floats]:
    """Of each action, the first treatment by priority: its place (n, n_actions), and its priority (−∞: none)."""
    known = np.where(np.isnan(priority), -np.inf, priority)
    bounds = [*slate.starts.tolist(), priority.shape[1]]
    if slate.single:
        return np.broadcast_to(np.arange(priority.shape[1]), priority.shape), known
    best = np.stack([first + known[:, first:last].argmax(axis=1) for first, last in pairwise(bounds)], axis=1)
    return best, np.take_along_axis(known, best, axis=1)


def _firsts(height: Floats, chances: Chances, preference: Ranks | None) -> Places:
    """Which choice of each comes first by priority, the last being to do nothing; as `exploration.Choices.best`."""
    n, n_actions = height.shape
    best = _highest(height, preference)
    idle = _may_idle(height, chances)
    return np.where(idle & ~(height[np.arange(n), best] > 0.0), n_actions, best) if n_actions else np.zeros(n, np.intp)


def _highest(height: Floats, preference: Ranks | None) -> Places:
    """The highest of each row; of equal ones the first, or the most preferred."""
    if preference is None or not height.shape[1]:
        return height.argmax(axis=1) if height.shape[1] else np.zeros(len(height), dtype=np.intp)
    equal = height == height.max(axis=1, keepdims=True)
    found: Places = np.where(equal, preference, np.iinfo(preference.dtype).max).argmin(axis=1)
    return found


def _may_idle(height: Floats, chances: Chances) -> NDArray[np.bool_]:
    """Who may be offered nothing (n,)."""
    may: NDArray[np.bool_] = np.full(len(height), fill_value=not chances.must_fill) | ~np.isfinite(height).any(axis=1)
    return may


def _order(best: Places, preference: Ranks | None) -> Places:
    """The actions of each in the order in which equal ones are preferred (n, n_actions)."""
    if preference is None:
        return np.broadcast_to(np.arange(best.shape[1]), best.shape)
    return np.argsort(preference, axis=1, kind="stable")


def _distribution(height: Floats, chances: Chances, first: Places, counts: NDArray[np.int64] | None) -> Floats:
    """P(each choice) (n, n_actions + 1), the last being to do nothing; as `urn.Urn`.

    Parameters: `counts`, in how many draws of a posterior each comes first (None: nobody has one).
    """
    possible = np.concatenate([np.isfinite(height), _may_idle(height, chances)[:, np.newaxis]], axis=1)
    floor = chances.epsilon / possible.sum(axis=1)
    if counts is not None:
        share = (1.0 - chances.epsilon) / N_DRAWS
        return np.where(possible, floor[:, np.newaxis] + share[:, np.newaxis] * counts, 0.0)
    probability = np.where(possible, floor[:, np.newaxis], 0.0)
    probability[np.arange(len(first)), first] = floor + (1.0 - chances.epsilon)
    return probability


def _softened(height: Floats, chances: Chances, order: Sequence[int]) -> Floats:
    """As `_distribution`, by softmax. Parameters: `order` of all choices by name, in which an urn adds them up."""
    idle = np.where(_may_idle(height, chances), 0.0, -np.inf)
    named = np.concatenate([height, idle[:, np.newaxis]], axis=1)[:, order]
    possible = np.isfinite(named)
    floor, rest = (chances.epsilon / possible.sum(axis=1))[:, np.newaxis], (1.0 - chances.epsilon)[:, np.newaxis]
    probability = np.empty(named.shape)
    probability[:, order] = np.where(possible, floor + rest * soft_shares(named, chances.temperature), 0.0)
    return probability


def _require(
    height: Floats, slate: Slate, probability: Floats, first: Places, preference: Ranks | None
) -> NDArray[np.bool_]:
    """Make the best of what is mandatory certain where any of it is offered; where that is (n,)."""
    mandatory = np.array([slate.candidates[at].action.mandatory for at in slate.starts.tolist()], dtype=np.bool_)
    best = np.where(mandatory, height, -np.inf)
    rows = np.flatnonzero(best.max(axis=1, initial=-np.inf) > -np.inf)
    places = _highest(best[rows], None if preference is None else preference[rows])
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
