"""The second pass: prices over an even sample of all customers, then what everybody draws, repaired to the unit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from decisioning.arbitration_rule import Rule
from decisioning.outbound.allocation import Bound, Market, eased, overdrawn, settled, surplus
from decisioning.outbound.choice import NOBODY, Chances, Drawn, Floats, Places, Terms, draw
from decisioning.outbound.leftover import Wishes, filled, wished
from decisioning.slate import Slate
from pipelines.outbound.programme import MOST_CUSTOMERS, exact_prices
from pipelines.outbound.weighed import WeighedBlock, read_block

MOST_SAMPLED = 100_000
"""Customers that prices are settled over: all where they are fewer, else evenly spread."""
FILLINGS = 3
"""How often what is left over is offered again."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What all n customers are offered.

    Parameters: `prices` (r,); `drawn`, before any repair; `chosen` (n,), after it; `bound`, how good that is.
    """

    prices: Floats
    drawn: Drawn
    chosen: Places
    bound: Bound

    @property
    def moved(self) -> NDArray[np.bool_]:
        """Whose choice was changed to keep to the pools (n,): it has no probability."""
        return np.asarray(self.chosen != self.drawn.chosen)


@dataclass(frozen=True, slots=True)
class Files:
    """The weighed blocks of a batch, in order, and what their candidates take."""

    paths: Sequence[Path]
    slate: Slate
    terms: Terms
    must_fill: bool
    rule: Rule

    def blocks(self, *, drawn: bool = False) -> Iterator[tuple[slice, WeighedBlock]]:
        """Each block, and which of all customers it has. Parameters: `drawn`, with what only who draws reads."""
        start = 0
        for path in self.paths:
            block = read_block(path, must_fill=self.must_fill, rule=self.rule if drawn else None)
            yield slice(start, start + len(block)), block
            start += len(block)

    def market(self, block: WeighedBlock, *, share: float = 1.0) -> Market:
        """The customers of one block before the pools."""
        return Market(block.priority, self.slate, self.terms, block.chances, share)


def settle(files: Files, gone: NDArray[np.bool_], *, refill: bool = True) -> Settled:
    """Find prices, draw for all n customers, and repair: no pool is overdrawn, and what is left over is offered again.

    Nothing is random: the same files give the same answer. Parameters: `gone`, who is no customer any more (n,), and is
    offered nothing: prices stay what they are with them; `refill` false leaves over what is left over.
    """
    prices = _prices(files, len(gone), refill=refill)
    drawn = _drawn(files, prices)
    chosen = drawn.chosen.copy()
    chosen[overdrawn(drawn, files.terms)] = NOBODY
    for _ in range(FILLINGS if refill else 0):
        if not len(prices) or not _fill(files, prices, drawn, chosen):
            break
    chosen[gone] = NOBODY
    return Settled(prices, drawn, chosen, _bound(files, prices, drawn, chosen))


def _prices(files: Files, n: int, *, refill: bool) -> Floats:
    if not files.terms.pools:
        return np.zeros(0)
    market = _sample(files, n)
    prices = settled(market, exact_prices(market.thinned(MOST_CUSTOMERS).drawn_once))
    return prices if refill else eased(market, prices)


def _sample(files: Files, n: int) -> Market:
    """Every so-manieth of all customers, block by block, so that no more than these are held."""
    step = max(1, -(-n // MOST_SAMPLED))
    parts = [(each.priority[at], each.chances.take(at)) for at, each in _every(files, step)]
    chances = Chances.joined([each for _, each in parts])
    priority = np.concatenate([part for part, _ in parts])
    return Market(priority, files.slate, files.terms, chances, len(priority) / n)


def _every(files: Files, step: int) -> Iterator[tuple[Places, WeighedBlock]]:
    """Each block with the places of every step-th customer of all."""
    for rows, block in files.blocks(drawn=True):
        yield np.arange(-rows.start % step, len(block), step), block


def _drawn(files: Files, prices: Floats) -> Drawn:
    charges = files.terms.charges(prices)
    return Drawn.joined(
        [draw(each.priority, files.slate, each.chances, charges) for _, each in files.blocks(drawn=True)]
    )


def _fill(files: Files, prices: Floats, drawn: Drawn, chosen: Places) -> bool:
    """Offer what is left over to whom it is worth more than what they have, not by chance; whether any took it."""
    terms = files.terms
    left = terms.left - terms.taken(chosen)
    found: list[Wishes] = []
    for rows, block in files.blocks():
        may = np.flatnonzero(~drawn.given[rows] & (block.chances.epsilon < 1.0))
        each = wished(block.priority[may], chosen[rows][may], terms, prices, left)
        found.append(each._replace(who=may[each.who] + rows.start))
    wishes = Wishes(*(np.concatenate(each) for each in zip(*found, strict=True)))
    got = filled(wishes, terms, left)
    chosen[wishes.who[got]] = wishes.candidates[got]
    return bool(got.size)


def _bound(files: Files, prices: Floats, drawn: Drawn, chosen: Places) -> Bound:
    """What is chosen, and what no choice could exceed that leaves what chance and duty took to them.

    Where `must_fill` and pools cannot both be kept to, it may leave out others, too.
    """
    terms, total = files.terms, Bound()
    filled = files.must_fill and not ((chosen == NOBODY) & (drawn.chosen != NOBODY)).any()
    for rows, block in files.blocks():
        given, mine = drawn.given[rows], chosen[rows]
        kept = np.flatnonzero((mine != NOBODY) & ~given)
        value = float(block.priority[kept, mine[kept]].sum())
        total += Bound(value, surplus(files.market(block), prices, given, filled=filled))
    spare = terms.left - terms.taken(chosen[drawn.given])
    return total + Bound(0.0, float((prices * spare / terms.scale).sum()))
