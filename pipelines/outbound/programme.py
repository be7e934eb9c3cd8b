"""The exact linear programme over few customers, by HiGHS: where prices begin."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack

from decisioning.outbound.allocation import Market
from decisioning.outbound.choice import Floats

MOST_CUSTOMERS = 4_000
"""Customers that the programme is solved over."""


def exact_prices(market: Market) -> Floats:
    """The dual prices (r,) of the programme over these customers, in money for one of each pool's amount."""
    value, prices = solved(market)
    return prices if np.isfinite(value) else np.zeros(len(market.terms.pools))


def solved(market: Market) -> tuple[float, Floats]:
    """The programme's value, and its prices: one treatment or none for each customer, no pool overdrawn."""
    terms = market.terms
    customer, candidate = np.nonzero(np.nan_to_num(market.priority, nan=-1.0) > 0)
    if not len(customer):
        return 0.0, np.zeros(len(terms.pools))
    gain, places = market.priority[customer, candidate], np.arange(len(customer))
    once = csr_matrix((np.ones(len(customer)), (customer, places)), shape=(len(market.priority), len(customer)))
    shared = csr_matrix((terms.takes[candidate] / terms.scale).T)
    most = np.concatenate([np.ones(len(market.priority)), terms.left * market.share / terms.scale])
    rows = vstack([once, shared])
    found = linprog(-gain, A_ub=rows, b_ub=most, bounds=(0, 1), method="highs")  # type: ignore[call-overload]  # the stubs know no sparse rows
    return float(-found.fun), -np.asarray(found.ineqlin.marginals)[len(market.priority) :]
