"""What is left over of pools: to the highest who wish for it, until nobody would rather have any of it."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import an_action
from decisioning.action import Treatment
from decisioning.outbound.choice import NOBODY, Terms
from decisioning.outbound.leftover import Wishes, filled, wished
from decisioning.pool import Pool
from decisioning.ports import Candidate
from decisioning.slate import Slate

COSTS = {"card": 0.5, "fund": 1.0, "loan": 2.0, "tea": 0.0}


def worlds():
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def some_terms(random):
    """Four candidates, of which one takes of no pool."""
    actions = [an_action(name, treatments=(Treatment("m", "email", cost=cost),)) for name, cost in COSTS.items()]
    pools = (
        Pool("budget", "spring", float(random.integers(1, 30)), actions=("card", "loan", "tea")),
        Pool("inventory", "mugs", int(random.integers(0, 20)), actions=("fund", "loan")),
    )
    slate = Slate.of(Candidate(action, action.treatments[0]) for action in actions)
    return Terms.of(slate, pools, dict.fromkeys((pool.key for pool in pools), 0))


def some_choices(random, terms, n):
    """What n customers could have, few of them alike, and what they have, as far as pools are enough for it."""
    priority = random.integers(-2, 6, size=(n, 4)).astype(float)
    priority[random.random((n, 4)) < 0.3] = np.nan
    chosen, left = np.full(n, NOBODY), terms.left.copy()
    for place, wish in enumerate(random.integers(0, 4, n).tolist()):
        if random.random() < 0.6 and not np.isnan(priority[place, wish]) and (terms.takes[wish] <= left).all():
            chosen[place] = wish
            left -= terms.takes[wish]
    return priority, chosen, left


@given(worlds(), st.integers(0, 40))
def test_each_wishes_for_what_comes_first_after_prices_of_what_is_worth_more_to_them_and_fits(random, n):
    terms, prices = some_terms(random), random.random(2) * 4
    priority, chosen, left = some_choices(random, terms, n)
    found, charges = wished(priority, chosen, terms, prices, left), terms.charges(prices)
    expected = {}
    for place, (has, row) in enumerate(zip(chosen.tolist(), priority, strict=True)):
        mine, frees, paid = (0.0, 0, 0.0) if has == NOBODY else (row[has], terms.takes[has], charges[has])
        better = [at for at in range(4) if row[at] > mine and (terms.takes[at] <= left + frees).all()]
        if better:
            best = max(better, key=lambda at: (row[at] - charges[at], -at))
            expected[place] = (best, row[best] - charges[best] - (mine - paid))
    assert found.who.tolist() == [*expected]
    assert found.candidates.tolist() == [best for best, _ in expected.values()]
    assert np.allclose(found.height, [height for _, height in expected.values()])
    given_back = [terms.takes[at] * (at != NOBODY) for at in chosen[found.who].tolist()]
    assert found.frees.tolist() == [each.tolist() for each in given_back]


@given(worlds(), st.integers(0, 45), st.integers(0, 40))
def test_what_is_left_over_goes_to_the_highest_who_wish_for_it_and_is_gone_then(random, n_mugs, n):
    terms, height, left = some_terms(random), random.integers(1, 9, n).astype(float), np.array([0, n_mugs])
    nothing = np.zeros((n, 2), dtype=np.int64)
    got = filled(Wishes(np.arange(n), np.full(n, 1), height, nothing), terms, left)
    assert len(got) == min(n_mugs, n)
    assert left.tolist() == [0, n_mugs - len(got)]
    order = sorted(range(n), key=lambda at: (-height[at], at))
    assert got.tolist() == sorted(order[: len(got)])


@given(worlds(), st.integers(0, 40))
@settings(max_examples=40)
def test_who_gets_what_is_left_over_finds_enough_in_every_pool_and_gives_back_what_they_had(random, n):
    terms = some_terms(random)
    priority, chosen, left = some_choices(random, terms, n)
    wishes = wished(priority, chosen, terms, np.zeros(2), left)
    got, after = filled(wishes, terms, left), chosen.copy()
    after[wishes.who[got]] = wishes.candidates[got]
    assert (left >= 0).all()
    assert left.tolist() == (terms.left - terms.taken(after)).tolist()
    more = terms.takes[wishes.candidates] - wishes.frees
    others = np.setdiff1d(np.arange(len(wishes.who)), got)
    if not wishes.frees[got].any():
        assert (more[others] > left).any(axis=1).all()


@given(worlds(), st.integers(1, 4), st.integers(1, 3))
def test_customers_who_are_all_alike_share_what_there_is_of_the_best(random, n, n_mugs):
    priority = np.tile([1.0, 9.0, np.nan, np.nan], (n, 1))
    terms = some_terms(random)
    left, chosen = np.array([n * 10**6, n_mugs]), np.zeros(n, dtype=np.intp)
    wishes = wished(priority, chosen, terms, np.array([0.0, 8.0]), left - terms.taken(chosen))
    got = filled(wishes, terms, left - terms.taken(chosen))
    chosen[wishes.who[got]] = wishes.candidates[got]
    best = max(sum(each) for each in product((1.0, 9.0), repeat=n) if each.count(9.0) <= n_mugs)
    assert priority[np.arange(n), chosen].sum() == best


@given(worlds(), st.integers(0, 40), st.integers(1, 9))
def test_wishes_are_met_one_after_the_other_however_many_are_looked_at_at_once(random, n, asked):
    terms = some_terms(random)
    priority, chosen, left = some_choices(random, terms, n)
    wishes, still = wished(priority, chosen, terms, random.random(2), left), left.copy()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("decisioning.outbound.leftover.ASKED", asked)
        got = filled(wishes, terms, left)
    expected = []
    for place in sorted(range(len(wishes.who)), key=lambda at: (-wishes.height[at], at)):
        more = terms.takes[wishes.candidates[place]] - wishes.frees[place]
        if (more <= still).all():
            still -= more
            expected.append(place)
    assert got.tolist() == sorted(expected)
    assert left.tolist() == still.tolist()
