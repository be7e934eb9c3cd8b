"""Prices of shared pools: what makes as many customers want of each pool as it has, and no more.

Choosing one treatment or none for each customer so that the sum of priorities is greatest and no pool is overdrawn is a
linear programme whose dual has one price for each pool; at those prices every customer's own best choice is (nearly) an
optimum, and the value of the dual bounds it from above (Everett, 1963). Prices begin with an exact solution over few
customers and are settled over many by bisection, each pool in turn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisioning.outbound.choice import NOBODY, Chances, Drawn, Floats, Places, Terms, draw
from decisioning.slate import Slate

ROUNDS = 3
"""How often every pool is looked at."""
HALVINGS = 20


@dataclass(frozen=True, slots=True)
class Market:
    """Customers and the pools they share.

    Parameters: `priority` (n, m) before prices, NaN where not offered; `share`, of all customers that these stand for.
    """

    priority: Floats
    slate: Slate
    terms: Terms
    chances: Chances
    share: float = 1.0

    def drawn(self, prices: Floats) -> Drawn:
        """What is drawn at prices."""
        return draw(self.priority, self.slate, self.chances, self.terms.charges(prices))

    def dearest(self, nth: int) -> float:
        """A price of one pool at which nobody but chance wants any of it."""
        takes = self.terms.takes[:, nth] / self.terms.scale[nth]
        users = np.flatnonzero(takes)
        gain = np.nan_to_num(self.priority[:, users], nan=0.0).max(initial=0.0)
        return float(gain / takes[users].min() * (1 + 1e-9)) if users.size else 0.0

    def wanted(self, prices: Floats) -> Floats:
        """What is taken of each pool at prices, as a share of what these customers may take of it."""
        left = np.maximum(self.terms.left * self.share, 1e-9)
        found: Floats = self.terms.taken(self.drawn(prices).chosen) / left
        return found


def settled(market: Market, start: Floats) -> Floats:
    """Prices (r,) at which no pool is wanted by more than it has, and lower ones would be, from a start (r,)."""
    prices = start.copy()
    for _ in range(ROUNDS):
        before = prices.copy()
        for nth in range(len(prices)):
            prices[nth] = _price(market, prices, nth)
        if np.allclose(prices, before, rtol=1e-6, atol=1e-9):
            break
    return prices


def _price(market: Market, prices: Floats, nth: int) -> float:
    """The lowest price of one pool at which it is not overdrawn, the other prices as they are."""

    def fits(price: float) -> bool:
        trial = prices.copy()
        trial[nth] = price
        return bool(market.wanted(trial)[nth] <= 1.0)

    dearest = market.dearest(nth)
    if fits(0.0) or dearest <= 0.0:
        return 0.0
    low, high = 0.0, dearest
    guess = float(prices[nth])
    for trial in (guess / 1.25, guess, guess * 1.25):
        if low < trial < high:
            low, high = (low, trial) if fits(trial) else (trial, high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


@dataclass(frozen=True, slots=True)
class Bound:
    """The value of what is chosen, and what no allocation can exceed; of whom chance did not move.

    Parameters: `value`, the sum of priorities before prices; `bound`, the dual's value at the prices.
    """

    value: float = 0.0
    bound: float = 0.0

    def __add__(self, other: "Bound") -> "Bound":
        return Bound(self.value + other.value, self.bound + other.bound)

    @property
    def gap(self) -> float:
        """How far the value may lie below the best, as a share of the bound."""
        return max(self.bound - self.value, 0.0) / self.bound if self.bound > 0 else 0.0


def surplus(market: Market, prices: Floats, given: NDArray[np.bool_]) -> float:
    """The customers' part of the dual's value: what each could gain at most at these prices, but for the given."""
    net = market.priority - market.terms.charges(prices)
    best = np.where(np.isnan(net), -np.inf, net).max(axis=1, initial=-np.inf)
    floor = np.where(np.isfinite(best), best, 0.0) if market.chances.must_fill else np.maximum(best, 0.0)
    return float(floor[~given].sum())


def overdrawn(drawn: Drawn, terms: Terms) -> Places:
    """Who has to be left out so that no pool is overdrawn: of each pool, those of the lowest priority after prices.

    Where prices had no say is left out last.
    """
    chosen, gone = drawn.chosen.copy(), list[int]()
    order = np.lexsort((np.arange(len(chosen)), drawn.priority, drawn.given, drawn.required))
    order = order[chosen[order] != NOBODY]
    for nth in range(len(terms.pools)):
        users = order[(chosen[order] != NOBODY) & (terms.takes[chosen[order], nth] > 0)]
        takes = terms.takes[chosen[users], nth]
        excess = int(takes.sum() - terms.left[nth])
        if excess > 0:
            out = users[: int(np.searchsorted(np.cumsum(takes), excess)) + 1]
            chosen[out] = NOBODY
            gone += out.tolist()
    return np.array(sorted(gone), dtype=np.intp)


def filled(wishes: Places, height: Floats, terms: Terms, left: NDArray[np.int64]) -> Places:
    """Which of those who wish for a candidate get it from what is left, the highest first; their places.

    Parameters: `wishes` (k,) candidates; `height` (k,); `left` (r,), changed.
    """
    order = np.lexsort((np.arange(len(wishes)), -height))
    got: list[int] = []
    for place in order.tolist():
        takes = terms.takes[wishes[place]]
        if (takes <= left).all():
            left -= takes
            got.append(place)
    return np.array(sorted(got), dtype=np.intp)
