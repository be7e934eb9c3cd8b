"""What is left over of pools once everybody has drawn: offered to those to whom it is worth more than what they have.

Where many have the same priorities (a constant bundle, no bundle yet), they all want the same at a price, and nobody
does at a higher one: what a pool has then goes to as many of them as it is enough for.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from decisioning.outbound.choice import NOBODY, Floats, Places, Terms

ASKED = 1_024
"""Wishes looked at at once: one after the other most are met, and then hardly any."""


class Wishes(NamedTuple):
    """What some customers would rather have than what they have.

    Parameters: `who` (k,) they are; `candidates` (k,); `height` (k,), by how much, after prices; `frees` (k, r), what
    they give back for it.
    """

    who: Places
    candidates: Places
    height: Floats
    frees: NDArray[np.int64]


def wished(priority: Floats, chosen: Places, terms: Terms, prices: Floats, left: NDArray[np.int64]) -> Wishes:
    """Of each customer that, after prices, comes first of what has a higher priority than theirs and fits.

    Parameters: `priority` (n, m) before prices; `chosen` (n,), what they have; `left` (r,).
    """
    own, rows, charges = np.where(chosen == NOBODY, -1, chosen), np.arange(len(chosen)), terms.charges(prices)
    mine = np.append(priority, np.zeros((len(chosen), 1)), axis=1)[rows, own]
    frees = np.append(terms.takes, np.zeros((1, len(prices)), dtype=np.int64), axis=0)[own]
    fits = priority > mine[:, np.newaxis]
    for nth, spare in enumerate(left.tolist()):
        fits &= terms.takes[:, nth] <= spare + frees[:, nth, np.newaxis]
    who = np.flatnonzero(fits.any(axis=1))
    net = np.where(fits, priority - charges, -np.inf)[who]
    best = net.argmax(axis=1) if who.size else who
    height = net[np.arange(len(who)), best] - (mine - np.append(charges, 0.0)[own])[who]
    return Wishes(who, best, height, frees[who])


def filled(wishes: Wishes, terms: Terms, left: NDArray[np.int64]) -> Places:
    """Which of those who wish get it from what is left, the highest first; their places.

    Parameters: `left` (r,), changed.
    """
    order = np.lexsort((np.arange(len(wishes.who)), -wishes.height))
    more = (terms.takes[wishes.candidates] - wishes.frees)[order]
    got: list[int] = []
    at = 0
    while at < len(order):
        each = more[at : at + ASKED]
        sums = np.cumsum(each, axis=0)
        n_met, n_unmet = _n_leading(sums <= left, fit=True), _n_leading(each <= left, fit=False)
        if n_met:
            left -= sums[n_met - 1]
            got += order[at : at + n_met].tolist()
        at += n_met or n_unmet
    return np.array(sorted(got), dtype=np.intp)


def _n_leading(fits: NDArray[np.bool_], *, fit: bool) -> int:
    """How many rows (n, r) come before the first that does not fit, or does."""
    others = np.flatnonzero(fits.all(axis=1) != fit)
    return int(others[0]) if others.size else len(fits)
