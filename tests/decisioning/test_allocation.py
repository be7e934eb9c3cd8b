"""Prices of shared pools: capacities hold to the unit, and the bound is a bound (the exact programme is the oracle)."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import an_action
from decisioning.action import Treatment
from decisioning.outbound.allocation import Market, overdrawn, settled, surplus
from decisioning.outbound.choice import NOBODY, Chances, Terms
from decisioning.pool import Pool
from decisioning.ports import Candidate
from decisioning.slate import Slate
from pipelines.outbound.programme import exact_prices, solved

NAMES = ("card", "fund", "loan")


def a_market(random, n=200, *, epsilon=0.0):
    sent = [Treatment("m", "email", cost=cost) for cost in (0.5, 1.0, 2.0)]
    actions = [an_action(name, treatments=(each,)) for name, each in zip(NAMES, sent, strict=True)]
    slate = Slate.of(Candidate(action, action.treatments[0]) for action in actions)
    pools = (
        Pool("budget", "spring", float(random.integers(5, 60)), actions=("card", "loan")),
        Pool("inventory", "mugs", int(random.integers(3, 60)), actions=("fund",)),
        Pool("capacity", "email", int(random.integers(20, 150)), "day", channel="email"),
    )
    priority = random.normal(3, 4, size=(n, 3))
    priority[random.random((n, 3)) < 0.2] = np.nan
    terms = Terms.of(slate, pools, dict.fromkeys((pool.key for pool in pools), 0))
    return Market(priority, slate, terms, Chances(random.random(n), np.full(n, epsilon), must_fill=False))


def value_of(market, chosen):
    kept = np.flatnonzero(chosen != NOBODY)
    return market.priority[kept, chosen[kept]].sum()


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng))
@settings(max_examples=40, deadline=None)
def test_prices_come_close_to_the_exact_programme_and_their_dual_bounds_it(random):
    market = a_market(random)
    terms = market.terms
    best, exact = solved(market)
    prices = settled(market, exact_prices(market))
    drawn = market.drawn(prices)
    chosen = drawn.chosen.copy()
    chosen[overdrawn(drawn, terms)] = NOBODY
    assert (terms.taken(chosen) <= terms.left).all()
    everybody = np.zeros(len(chosen), dtype=bool)
    for each in (prices, exact):
        bound = surplus(market, each, everybody) + (each * terms.left / terms.scale).sum()
        assert bound >= best - 1e-6 * best
    assert surplus(market, exact, everybody) + (exact * terms.left / terms.scale).sum() == pytest.approx(best)
    assert best * 0.93 <= value_of(market, chosen) <= best + 1e-6 * best


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng), st.integers(0, 40), st.integers(1, 50))
@settings(deadline=None)
def test_what_is_drawn_for_each_does_not_depend_on_how_many_are_drawn_for_at_once(random, n, at_once):
    market, prices = a_market(random, n, epsilon=0.5), random.random(3)
    whole = market.drawn(prices)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("decisioning.outbound.choice.AT_ONCE", at_once)
        some = market.drawn(prices)
    for one, other in zip(whole.arrays, some.arrays, strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_no_pool_is_overdrawn_whatever_chance_wants(random, epsilon):
    market = a_market(random, epsilon=epsilon)
    drawn = market.drawn(settled(market, np.zeros(len(market.terms.pools))))
    chosen, gone = drawn.chosen.copy(), overdrawn(drawn, market.terms)
    chosen[gone] = NOBODY
    assert (market.terms.taken(chosen) <= market.terms.left).all()
    assert (drawn.chosen[gone] != NOBODY).all()


def test_a_pool_that_everybody_fits_into_costs_nothing():
    market = a_market(np.random.default_rng(3))
    roomy = replace(market, terms=replace(market.terms, left=market.terms.left * 10_000))
    assert settled(roomy, np.ones(3)).tolist() == [0.0, 0.0, 0.0]


def test_a_pool_that_could_not_be_read_is_empty():
    market = a_market(np.random.default_rng(4))
    terms = Terms.of(market.slate, market.terms.pools, {})
    assert terms.left.tolist() == [0, 0, 0]
