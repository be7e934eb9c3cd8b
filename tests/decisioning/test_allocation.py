"""Prices of shared pools: capacities hold to the unit, and the bound is a bound (the exact programme is the oracle)."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from builders import an_action
from decisioning.action import Treatment
from decisioning.arbitration_rule import Rule
from decisioning.outbound.allocation import Bound, Market, eased, overdrawn, settled, surplus
from decisioning.outbound.choice import NOBODY, Chances, Drawn, Terms
from decisioning.outbound.factors import NAMES as NAMES_OF_FACTORS
from decisioning.outbound.factors import Factors
from decisioning.outbound.sampling import Sampling
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


def test_of_a_pool_that_is_overdrawn_already_nothing_is_left():
    market = a_market(np.random.default_rng(0))
    pools = market.terms.pools
    used = {pool.key: pool.units + extra for pool, extra in zip(pools, (-2, 0, 3), strict=True)}
    assert Terms.of(market.slate, pools, used).left.tolist() == [2, 0, 0]


def test_prices_have_no_say_where_chance_or_duty_has():
    explored, required = np.array([[False, True, False, True], [False, False, True, True]])
    drawn = Drawn(np.zeros(4, dtype=np.intp), np.ones(4), np.ones(4), explored, required)
    assert drawn.given.tolist() == [False, True, True, True]


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_explored_is_what_chance_put_in_the_place_of_the_best_and_nothing_is_worth_nothing(random, epsilon):
    market = a_market(random, epsilon=epsilon)
    market.priority[:10] = 0.0
    sure = replace(market, chances=replace(market.chances, epsilon=np.zeros(len(market.priority))))
    drawn, best = market.drawn(np.zeros(3)), sure.drawn(np.zeros(3))
    assert not best.explored.any()
    assert (best.chosen[:10] == NOBODY).all()
    assert drawn.explored.tolist() == (drawn.chosen != best.chosen).tolist()
    assert (drawn.priority[drawn.chosen == NOBODY] == 0.0).all()


MUG = Pool("inventory", "mugs", 5, actions=("fund",))


def a_rush(random, n=40, pool=MUG):
    """Customers of whom chance, duty or priority drew the one thing that there are few of, or nothing."""
    action = an_action("fund", treatments=(Treatment("m", "email"),))
    slate = Slate.of([Candidate(action, action.treatments[0])])
    chosen = np.where(random.random(n) < 0.7, 0, NOBODY)
    marked = (random.random(n) < 0.2, random.random(n) < 0.05)
    drawn = Drawn(chosen, random.integers(1, 9, n).astype(float), np.ones(n), *marked)
    return drawn, Terms.of(slate, [pool], {pool.key: 0})


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng), st.integers(0, 45))
def test_no_more_are_left_out_than_must_be_and_those_of_the_lowest_priority_whom_duty_and_chance_did_not_mark(
    random, n_mugs
):
    drawn, terms = a_rush(random, pool=replace(MUG, amount=n_mugs))
    gone = overdrawn(drawn, terms)
    wished = np.flatnonzero(drawn.chosen != NOBODY)
    assert len(gone) == max(len(wished) - n_mugs, 0)
    rank = [(drawn.required[at], drawn.given[at], drawn.priority[at], at) for at in range(len(drawn.chosen))]
    kept = set(wished.tolist()) - set(gone.tolist())
    assert all(rank[out] < rank[stays] for out in gone for stays in kept)


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng))
@settings(max_examples=40, deadline=None)
def test_only_who_takes_of_an_overdrawn_pool_is_left_out(random):
    market = a_market(random)
    enough = random.random(3) < 0.5
    terms, n = replace(market.terms, left=np.where(enough, 10**9, market.terms.left)), len(market.priority)
    chosen, nobody = random.integers(NOBODY, 3, n), np.zeros(n, dtype=bool)
    gone = overdrawn(Drawn(chosen, random.normal(size=n), np.ones(n), nobody, nobody), terms)
    scarce = terms.taken(chosen) > terms.left
    assert (terms.takes[chosen[gone]][:, scarce] > 0).any(axis=1).all()
    kept = chosen.copy()
    kept[gone] = NOBODY
    assert (terms.taken(kept) <= terms.left).all()


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng))
@settings(max_examples=20, deadline=None)
def test_the_surplus_is_that_of_the_customers_whom_chance_did_not_move(random):
    market = a_market(random)
    prices, given = random.random(3), random.random(len(market.priority)) < 0.3
    others = market.take(np.flatnonzero(~given))
    expected = surplus(others, prices, np.zeros(len(others.priority), dtype=bool))
    assert surplus(market, prices, given) == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng), st.floats(0, 9))
@settings(max_examples=40, deadline=None)
def test_the_price_of_one_pool_is_the_lowest_that_it_is_not_overdrawn_at(random, start):
    market = a_market(random)
    market = replace(market, terms=Terms.of(market.slate, market.terms.pools[:1], {"budget:spring": 0}))
    (price,) = settled(market, np.array([start]))
    assert not market.overdraws(market.drawn(np.array([price])).chosen, 0)
    assert price == 0.0 or market.overdraws(market.drawn(np.array([price * (1 - 1e-4) - 1e-6])).chosen, 0)


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng))
@settings(max_examples=40, deadline=None)
def test_at_its_dearest_nobody_wants_any_of_a_pool(random):
    market = a_market(random)
    for nth in range(3):
        prices = np.zeros(3)
        prices[nth] = market.dearest(nth)
        assert market.terms.taken(market.drawn(prices).chosen)[nth] == 0


def a_market_of_a_posterior(random):
    """One pool that one of three actions takes of, and customers who draw from a posterior."""
    n = 40
    market = a_market(random, n)
    columns = {name: random.random((n, 3)) for name in NAMES_OF_FACTORS}
    columns |= {"value": columns["value"] * 9, "context_weight": np.ones((n, 3)), "lever": np.ones((n, 3))}
    rule, seeds = Rule("propensity_value"), random.integers(2**63, size=n).astype(np.uint64)
    sampling = Sampling.by(seeds, Factors(columns, given=False, said={}), market.slate, rule)
    mugs = Pool("inventory", "mugs", int(random.integers(1, 18)), actions=("fund",))
    return replace(
        market,
        priority=columns["propensity"] * columns["value"],
        terms=Terms.of(market.slate, (mugs,), {mugs.key: 0}),
        chances=replace(market.chances, sampling=sampling),
    )


@given(st.integers(0, 2**32 - 1))
@example(12)  # all draws of everybody ask for nothing, where one of each asks for something
@example(38)  # and here for more than twelve times as much
@settings(max_examples=15, deadline=None)
def test_where_customers_draw_from_a_posterior_a_price_is_the_lowest_at_which_their_draws_overdraw_nothing(seed):
    market = a_market_of_a_posterior(np.random.default_rng(seed))
    (price,) = settled(market, np.zeros(1))
    assert not market.overdraws(market.drawn(np.array([price])).chosen, 0)
    assert price == 0.0 or market.overdraws(market.drawn(np.array([price * (1 - 1e-3) - 1e-6])).chosen, 0)


def kept_of(market, prices):
    """What is drawn at prices, as far as pools are enough for it."""
    drawn = market.drawn(prices)
    chosen = drawn.chosen.copy()
    chosen[overdrawn(drawn, market.terms)] = NOBODY
    return chosen


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng), st.sampled_from([0.0, 0.2]))
@settings(max_examples=40, deadline=None)
def test_prices_are_eased_by_next_to_nothing_and_only_where_what_is_kept_is_worth_more_then(random, epsilon):
    market = a_market(random, epsilon=epsilon)
    if random.random() < 0.5:
        market.priority[:] = random.integers(0, 6, size=3)
    exact = settled(market, exact_prices(market))
    prices = eased(market, exact)
    less = exact - prices
    assert (less >= 0).all()
    assert all(less[nth] <= market.dearest(nth) * 1e-5 for nth in range(3))
    before, after = (value_of(market, kept_of(market, each)) for each in (exact, prices))
    assert after > before if less.any() else after == before


@pytest.mark.parametrize("start", [exact_prices, lambda market: np.zeros(len(market.terms.pools))])
def test_of_customers_who_are_all_alike_as_many_draw_an_action_as_a_pool_is_enough_for(start):
    market = a_market(np.random.default_rng(6))
    market.priority[:] = [np.nan, 4.0, np.nan]
    spare = np.array([0, 7, 150])
    market = replace(market, terms=replace(market.terms, left=spare))
    prices = settled(market, start(market))
    assert (kept_of(market, prices) != NOBODY).sum() == 0
    assert (kept_of(market, eased(market, prices)) != NOBODY).sum() == 7


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng))
@settings(max_examples=20, deadline=None)
def test_a_part_of_the_customers_may_take_that_part_of_every_pool(random):
    market = a_market(random)
    part = market.thinned(50)
    assert (len(part.priority), part.share) == (50, 0.25)
    assert np.array_equal(part.priority, market.priority[::4], equal_nan=True)
    for nth, left in enumerate(market.terms.left * 0.25):
        chosen = np.full(50, NOBODY)
        for place in range(50):
            chosen[place] = int(np.argmax(market.terms.takes[:, nth]))
            assert part.overdraws(chosen, nth) is bool(market.terms.taken(chosen)[nth] > left)


def test_the_gap_is_the_share_of_the_bound_that_the_value_lies_below_it():
    assert (Bound(6.0, 8.0) + Bound(3.0, 4.0)).gap == 0.25
    assert (Bound(9.0, 8.0).gap, Bound(0.0, 0.0).gap, Bound(-1.0, 0.0).gap) == (0.0, 0.0, 0.0)
