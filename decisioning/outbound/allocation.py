"""Prices of shared pools: what makes as many customers want of each pool as it has, and no more.

Choosing one treatment or none for each customer so that the sum of priorities is greatest and no pool is overdrawn is a
linear programme whose dual has one price for each pool; at those prices every customer's own best choice is (nearly) an
optimum, and the value of the dual bounds it from above (Everett, 1963). Prices begin with an exact solution over few
customers and are settled over many by bisection, each pool in turn.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from decisioning.outbound.choice import NOBODY, Chances, Drawn, Floats, Places, Terms, draw
from decisioning.slate import Slate

ROUNDS = 3
"""How often every pool is looked at."""
HALVINGS = 20
COLD = 20.0
"""So many temperatures below doing nothing hardly anybody draws an action by softmax."""
FIRST_CUSTOMERS = 25_000
"""Customers whose draws, one of each, prices are settled over before all draws are asked."""
NEAR, WIDENINGS, HALVINGS_NEAR = 1.02, 6, 12
"""By how much a price is thought to be off that is nearly right, how often more is tried; how closely to look."""


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

    @property
    def drawn_once(self) -> "Market":
        """The same with one of each customer's draws from a posterior in the place of all of them.

        Customers want of each pool what they want with all of them, on the average, at the cost of one.
        """
        sampling = self.chances.sampling
        if sampling is None:
            return self
        priority = sampling.drawn_once(self.priority, self.slate)
        return replace(self, priority=priority, chances=replace(self.chances, sampling=None))

    def dearest(self, nth: int) -> float:
        """A price of one pool at which nobody but chance wants any of it."""
        takes = self.terms.takes[:, nth] / self.terms.scale[nth]
        users = np.flatnonzero(takes)
        gain = np.nan_to_num(self.priority[:, users], nan=0.0).max(initial=0.0)
        gain += COLD * self.chances.temperature
        return float(gain / takes[users].min() * (1 + 1e-9)) if users.size else 0.0

    def overdraws(self, chosen: Places, nth: int) -> bool:
        """Whether choices take more of one pool than these customers may."""
        return bool(self.terms.taken(chosen)[nth] > max(self.terms.left[nth] * self.share, 1e-9))

    def take(self, rows: Places) -> "Market":
        """Some of the customers, before the same pools."""
        return replace(self, priority=self.priority[rows], chances=self.chances.take(rows))

    def thinned(self, most: int) -> "Market":
        """Every so-manieth customer, so many at most, with that share of the pools."""
        rows = np.arange(0, len(self.priority), max(-(-len(self.priority) // most), 1))
        return replace(self.take(rows), share=self.share * len(rows) / max(len(self.priority), 1))


def settled(market: Market, start: Floats) -> Floats:
    """Prices (r,) at which no pool is wanted by more than it has, and lower ones would be, from a start (r,).

    Where customers draw from a posterior, prices are settled over one draw of each of some, and then moved to where all
    draws of everybody ask for them.
    """
    if market.chances.sampling is None:
        return _settled(market, start)
    return _moved(market, _settled(market.thinned(FIRST_CUSTOMERS).drawn_once, start))


def eased(market: Market, prices: Floats) -> Floats:
    """Prices (r,), each of them lower by as closely as it was looked for where what is kept is worth more then.

    Of customers who are all alike nobody wants any of a pool at a price at which it is not overdrawn, and everybody
    does a hair below: some of them can have it then, and it need not be offered to whom it was not drawn for.
    """
    prices, worth = prices.copy(), _worth(market, prices)
    for nth, price in enumerate(prices.tolist()):
        lower = _with(prices, nth, max(price - market.dearest(nth) / 2 ** (HALVINGS - 1), 0.0))
        found = _worth(market, lower) if price > 0.0 else worth
        if found > worth:
            prices, worth = lower, found
    return prices


def _worth(market: Market, prices: Floats) -> float:
    """The sum of priorities of what is drawn at prices and can be kept."""
    drawn, left = market.drawn(prices), np.floor(market.terms.left * market.share).astype(np.int64)
    chosen = drawn.chosen.copy()
    chosen[overdrawn(drawn, replace(market.terms, left=left))] = NOBODY
    kept = np.flatnonzero(chosen != NOBODY)
    return float(market.priority[kept, chosen[kept]].sum())


def _settled(market: Market, start: Floats) -> Floats:
    prices = start.copy()
    for _ in range(ROUNDS):
        before = prices.copy()
        for nth in range(len(prices)):
            prices[nth] = _price(market, prices, nth)
        if np.allclose(prices, before, rtol=1e-6, atol=1e-9):
            break
    return prices


def _moved(market: Market, prices: Floats) -> Floats:
    """Prices that are nearly right, each moved in turn to where it is not overdrawn any more, or would be."""
    prices, chosen = prices.copy(), market.drawn(prices).chosen
    last = len(prices) - 1
    for nth in range(len(prices)):
        before, prices[nth] = prices[nth], _near(market, prices, nth, chosen)
        if prices[nth] != before and nth != last:
            chosen = market.drawn(prices).chosen
    return prices


def _price(market: Market, prices: Floats, nth: int) -> float:
    """The lowest price of one pool at which it is not overdrawn, the other prices as they are."""
    dearest, fits = market.dearest(nth), partial(_fits, market, prices, nth)
    if fits(0.0) or dearest <= 0.0:
        return 0.0
    low, high = 0.0, dearest
    guess = float(prices[nth])
    for trial in (guess / 1.25, guess, guess * 1.25):
        if low < trial < high:
            low, high = (low, trial) if fits(trial) else (trial, high)
    return _between(low, high, fits, HALVINGS)


def _near(market: Market, prices: Floats, nth: int, chosen: Places) -> float:
    """As `_price`, from a price that is nearly it, at which this is chosen.

    Whose choice is the same at two prices around it is not asked again.
    """
    price, is_low = float(prices[nth]), market.overdraws(chosen, nth)
    if price <= 0.0:
        return _price(market, prices, nth) if is_low else price
    step = NEAR if is_low else 1.0 / NEAR
    near, far = price, price * step
    there = market.drawn(_with(prices, nth, far)).chosen
    for _ in range(WIDENINGS):
        if market.overdraws(there, nth) != is_low:
            break
        step *= step
        near, far, chosen = far, far * step, there
        there = market.drawn(_with(prices, nth, far)).chosen
    if market.overdraws(there, nth) == is_low:
        return _price(market, prices, nth)
    wavering = chosen != there
    few, others = market.take(np.flatnonzero(wavering)), chosen[~wavering]

    def fits(price: float) -> bool:
        asked = few.drawn(_with(prices, nth, price)).chosen
        return not market.overdraws(np.concatenate((others, asked)), nth)

    return _between(min(near, far), max(near, far), fits, HALVINGS_NEAR)


def _with(prices: Floats, nth: int, price: float) -> Floats:
    """These prices, but for one."""
    trial = prices.copy()
    trial[nth] = price
    return trial


def _fits(market: Market, prices: Floats, nth: int, price: float) -> bool:
    """Whether a pool is not overdrawn at this price, the other prices as they are."""
    return not market.overdraws(market.drawn(_with(prices, nth, price)).chosen, nth)


def _between(low: float, high: float, fits: Callable[[float], bool], halvings: int) -> float:
    """The lowest price that fits, between one that does not and one that does."""
    for _ in range(halvings):
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


def surplus(market: Market, prices: Floats, given: NDArray[np.bool_], *, filled: bool = False) -> float:
    """The customers' part of the dual's value: what each could gain at most at these prices, but for the given.

    Parameters: `filled`, whether nobody is left out who may be offered anything, not even at a loss.
    """
    net = market.priority - market.terms.charges(prices)
    best = np.where(np.isnan(net), -np.inf, net).max(axis=1, initial=-np.inf)
    floor = np.where(np.isfinite(best), best, 0.0) if filled else np.maximum(best, 0.0)
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
