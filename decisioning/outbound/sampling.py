"""Posterior sampling for a block: how often each choice comes first among the draws of each customer's decision.

The draws are those of a single decision. Most candidates come first in none of them, and most customers have one that
does in all: what a candidate's highest and lowest draw come to says so, and only what is left in play is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisioning.arbitration_rule import Rule
from decisioning.outbound.factors import Drawable, Factors, Floats, Places
from decisioning.posterior_sampling import N_DRAWS, TABLE, rows_of
from decisioning.slate import Slate

_BOUNDS = np.stack([TABLE.min(axis=1), TABLE.max(axis=1)], axis=1)
"""The lowest and the highest draw of each row of the table."""
PAIRS_AT_ONCE = 4_096
"""Customers and candidates drawn for at once: their draws stay in the processor's own memory."""


@dataclass(frozen=True, slots=True)
class Contest:
    """What the first choice of n customers is drawn from.

    Parameters: `best` (n, k), the candidate that stands for each of k actions; `offered` (n, k); `idle` (n,), who may
    be offered nothing; `order` (n, k), actions as they are preferred among equals; `first` (n,), the choice by priority
    alone, k being to do nothing; `priority` (n, m) before prices and `charges` (m,).
    """

    best: Places
    offered: NDArray[np.bool_]
    idle: NDArray[np.bool_]
    order: Places
    first: Places
    priority: Floats
    charges: Floats

    def take(self, rows: Places) -> "Contest":
        """That of some customers."""
        offers = self.best[rows], self.offered[rows], self.idle[rows], self.order[rows]
        return Contest(*offers, self.first[rows], self.priority[rows], self.charges)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How n customers draw from a posterior; who has no `spread` does not.

    Parameters: `rows` (n, k) of the table of draws, those of a decision's first, second, … k-th option.
    """

    rows: NDArray[np.uint16]
    factors: Factors
    rule: Rule

    @classmethod
    def by(cls, seeds: NDArray[np.uint64], factors: Factors, slate: Slate, rule: Rule) -> "Sampling":
        """By the seeds (n,) of their decisions."""
        return cls(rows_of(seeds.tolist(), len(slate.starts)).astype(np.uint16), factors, rule)

    def take(self, rows: Places) -> "Sampling":
        """Of some customers."""
        return Sampling(self.rows[rows], self.factors.take(rows), self.rule)

    @classmethod
    def joined(cls, parts: Sequence["Sampling"]) -> "Sampling":
        """Of some customers, and of others after them."""
        rows = np.concatenate([each.rows for each in parts])
        return cls(rows, Factors.joined([each.factors for each in parts]), parts[0].rule)

    def counts(self, contest: Contest, slate: Slate) -> NDArray[np.int64]:
        """In how many of `N_DRAWS` draws each choice comes first (n, k + 1), the last being to do nothing."""
        n, k = contest.best.shape
        counts = np.zeros((n, k + 1), dtype=np.int64)
        counts[np.arange(n), contest.first] = N_DRAWS
        who = np.flatnonzero(~np.isnan(self.factors.spread).all(axis=1) & contest.offered.any(axis=1))
        if who.size:
            counts[who] = self.take(who)._race(contest.take(who), slate).counts()
        return counts

    def _race(self, contest: Contest, slate: Slate) -> "_Race":
        charges = np.broadcast_to(contest.charges, contest.priority.shape)
        modes = _modes(slate, self.rule, charges.shape)
        drawable = Drawable(self.factors, contest.priority, charges, self.rule, modes)
        runners = drawable if slate.single else drawable.of(contest.best)
        return _Race(runners, self._numbered(contest.offered), contest)

    def _numbered(self, offered: NDArray[np.bool_]) -> Places:
        """Each action's row of the table (n, k): a single decision numbers the actions that are offered."""
        nth = np.maximum(np.cumsum(offered, axis=1) - 1, 0)
        return np.take_along_axis(self.rows, nth, axis=1).astype(np.intp)

    def drawn_once(self, priority: Floats, slate: Slate) -> Floats:
        """The priorities (n, m) of one of each customer's draws, another of one customer than of the next."""
        known = ~np.isnan(priority)
        offered = np.logical_or.reduceat(known, slate.starts, axis=1)
        rows = self._numbered(offered)[:, slate.nth_action]
        nth = np.arange(len(priority)) % N_DRAWS
        free = np.zeros_like(priority)
        drawable = Drawable(self.factors, priority, free, self.rule, _modes(slate, self.rule, free.shape))
        drawn = drawable.drawn(TABLE[rows, nth[:, np.newaxis]][..., np.newaxis])[..., 0]
        return np.where(known & ~np.isnan(self.factors.spread), drawn, priority)


@dataclass(frozen=True, slots=True)
class _Race:
    """The actions (n, k) of customers who draw, and the row of the table that each draws from."""

    runners: Drawable
    rows: Places
    contest: Contest

    def counts(self) -> NDArray[np.int64]:
        """As `Sampling.counts`."""
        n, k = self.rows.shape
        play = self._in_play()
        sizes, counts = play.sum(axis=1), np.zeros((n, k + 1), dtype=np.int64)
        for size in np.unique(sizes).tolist():
            who = np.flatnonzero(sizes == size)
            step = max(PAIRS_AT_ONCE // size, 1)
            for some in [who[start : start + step] for start in range(0, len(who), step)]:
                counts[some] = self._counted(some, np.nonzero(play[some])[1].reshape(-1, size))
        return counts

    def _in_play(self) -> NDArray[np.bool_]:
        """Who may come first in any draw (n, k + 1), in the order of preference, in which doing nothing is first."""
        offered, idle = self.contest.offered, self.contest.idle
        if self.runners.is_monotone:
            ends = self.runners.drawn(_BOUNDS[self.rows])
            least = np.where(offered, ends[..., 0], -np.inf).max(axis=1)
            least = np.where(idle, np.maximum(least, 0.0), least)
            offered, idle = offered & (ends[..., 1] >= least[:, np.newaxis]), idle & (least <= 0.0)
        return np.concatenate([idle[:, np.newaxis], np.take_along_axis(offered, self.contest.order, axis=1)], axis=1)

    def _counted(self, some: Places, play: Places) -> NDArray[np.int64]:
        """Of some customers (c,), whose choices in play are these (c, size) in the order of preference."""
        n, k = len(some), self.rows.shape[1]
        actions = np.take_along_axis(self.contest.order[some], np.maximum(play - 1, 0), axis=1)
        choices = np.where(play == 0, k, actions)
        if play.shape[1] == 1:
            return np.where(choices == np.arange(k + 1), N_DRAWS, 0)
        normals = TABLE[np.take_along_axis(self.rows[some], actions, axis=1)]
        drawn = self.runners.take(some).of(actions).drawn(normals)
        drawn[play == 0] = 0.0
        firsts = np.take_along_axis(choices, drawn.argmax(axis=1), axis=1) + (k + 1) * np.arange(n)[:, np.newaxis]
        return np.bincount(firsts.ravel(), minlength=n * (k + 1)).reshape(n, k + 1)


def _modes(slate: Slate, rule: Rule, shape: tuple[int, ...]) -> NDArray[np.str_]:
    modes = np.array([rule.by_issue.get(issue, rule.mode) for issue in slate.issues], dtype=np.str_)
    return np.broadcast_to(modes, shape)
