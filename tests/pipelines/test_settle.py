"""The files of a batch between its passes: what was weighed is read back, and how blocks are cut does not matter."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import an_action
from decisioning.action import Treatment
from decisioning.arbitration_rule import Rule
from decisioning.outbound.allocation import Market, settled
from decisioning.outbound.block import Block
from decisioning.outbound.choice import NOBODY, Chances, Terms, draw
from decisioning.outbound.factors import NAMES, Factors
from decisioning.outbound.sampling import Sampling
from decisioning.pool import Pool
from decisioning.ports import Candidate
from decisioning.slate import Slate
from pipelines.outbound.programme import exact_prices, solved
from pipelines.outbound.settle import Files, settle
from pipelines.outbound.weighed import read_block, write_block

RULE = Rule("propensity_value")
SENT = {"card": (0.5, 1.5), "fund": (1.0,), "loan": (2.0,), "tea": (0.0,)}
ACTIONS = [
    an_action(name, treatments=tuple(Treatment(f"t{nth}", "email", cost=cost) for nth, cost in enumerate(costs)))
    for name, costs in SENT.items()
]
SLATE = Slate.of(Candidate(action, treatment) for action in ACTIONS for treatment in action.treatments)
M = len(SLATE.candidates)


@pytest.fixture(autouse=True, scope="module")
def _less_exact_prices():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("decisioning.outbound.allocation.HALVINGS", 6)
        yield


def worlds():
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def a_population(random, n, *, must_fill=False):
    """What n customers could be offered, and how they draw: by priority, by softmax or from a posterior."""
    propensity, priority = random.random((n, M)), random.normal(2, 4, size=(n, M))
    priority[random.random((n, M)) < 0.3] = np.nan
    seeds = random.integers(2**63, size=n).astype(np.uint64)
    epsilon = random.choice([0.0, 0.2, 1.0], n, p=[0.5, 0.4, 0.1])
    chances = Chances(
        random.random(n),
        epsilon,
        must_fill,
        random.permuted(np.tile(np.arange(M, dtype=np.int32), (n, 1)), axis=1) if random.random() < 0.5 else None,
        Sampling.by(seeds, some_factors(random, propensity), SLATE, RULE) if random.random() < 0.4 else None,
        float(random.choice([0.0, 2.0])),
    )
    block = Block(
        [f"c{place}" for place in range(n)], SLATE, priority, propensity,
        random.choice(["nba", "no_levers"], n).tolist(), {"consent": int(random.integers(9))},
        random.choice(["one", "other"], n).tolist(), chances.preference,
    )  # fmt: skip
    sends = {at: random.integers(1, 2**50, n) for at in np.flatnonzero(random.random(M) < 0.4).tolist()}
    return block, chances, sends


def some_factors(random, propensity):
    """Factors that each customer has their own, or that all share; not everybody has a posterior."""
    own = random.random(len(NAMES)) < 0.5
    columns = {
        name: random.random(propensity.shape) if each else np.broadcast_to(random.random(M), propensity.shape)
        for name, each in zip(NAMES, own, strict=True)
    }
    spread = np.where(random.random((len(propensity), 1)) < 0.3, np.nan, columns["spread"])
    said = {"age": random.random(len(propensity))}
    return Factors({**columns, "propensity": propensity, "spread": spread}, given=bool(random.integers(2)), said=said)


def part_of(population, rows):
    block, chances, sends = population
    cut = {name: getattr(block, name)[rows] for name in ("ids", "arms", "bundles", "priority", "propensity")}
    mine = chances.take(np.arange(len(block.ids))[rows])
    return replace(block, **cut, preference=mine.preference), mine, {at: times[rows] for at, times in sends.items()}


def some_terms(random, n):
    pools = (
        Pool("budget", "spring", float(random.integers(1, n + 2)), actions=("card", "loan")),
        Pool("inventory", "mugs", int(random.integers(1, n + 2)), actions=("fund",)),
        Pool("capacity", "email", int(random.integers(1, n + 2)), "day", channel="email"),
    )
    pools = tuple(pool for pool in pools if random.random() < 0.8)
    return Terms.of(SLATE, pools, dict.fromkeys((pool.key for pool in pools), 0))


@contextmanager
def files_of(population, terms, cuts):
    """The files of a population that is cut into blocks before these places."""
    block, chances, _ = population
    n = len(block.ids)
    bounds = [0, *sorted({cut for cut in cuts if 0 < cut < n}), n]
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"block-{start:05}.parquet" for start in bounds[:-1]]
        for path, start, end in zip(paths, bounds[:-1], bounds[1:], strict=True):
            write_block(path, *part_of(population, slice(start, end)))
        yield Files(paths, SLATE, terms, chances.must_fill, RULE)


def same(one, other):
    return np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f")


@given(worlds(), st.integers(1, 9), st.booleans())
@settings(deadline=None)
def test_a_block_is_read_back_to_the_bit_and_a_posterior_by_who_draws_from_it(random, n, must_fill):
    block, chances, sends = population = a_population(random, n, must_fill=must_fill)
    with files_of(population, some_terms(random, n), ()) as files:
        (path,) = files.paths
        plain, found = (read_block(path, must_fill=must_fill, rule=rule) for rule in (None, RULE))
    for each in (plain, found):
        assert (each.ids, each.arms, each.bundles) == (block.ids, block.arms, block.bundles)
        assert (each.stopped, each.chances.must_fill) == (block.stopped, must_fill)
        assert each.chances.temperature == chances.temperature
        assert same(each.priority, block.priority)
        assert same(each.propensity, block.propensity)
        for name in ("uniform", "epsilon", "preference"):
            assert same(getattr(each.chances, name), getattr(chances, name))
        assert each.sends.keys() == sends.keys()
        assert all(same(each.sends[at], times) for at, times in sends.items())
    assert plain.chances.sampling is None
    if chances.sampling is None:
        assert found.chances.sampling is None
    else:
        ours, theirs = chances.sampling, found.chances.sampling
        assert same(theirs.rows, ours.rows)
        assert (theirs.factors.given, theirs.rule) == (ours.factors.given, RULE)
        assert all(same(theirs.factors.columns[name], ours.factors.columns[name]) for name in NAMES)
        assert same(theirs.factors.said["age"], ours.factors.said["age"])
    chosen = random.integers(NOBODY, M, n)
    goes_out = [None if at not in sends else int(sends[at][row]) for row, at in enumerate(chosen.tolist())]
    assert plain.sent(chosen).cast("int64").to_pylist() == goes_out


@given(worlds(), st.integers(1, 40), st.sets(st.integers(1, 39), max_size=5), st.integers(3, 60))
@settings(max_examples=40, deadline=None)
def test_how_customers_are_cut_into_blocks_changes_nothing_and_prices_are_those_of_an_even_sample(
    random, n, cuts, most_sampled
):
    population, terms = a_population(random, n), some_terms(random, n)
    block, chances, _ = population
    gone = random.random(n) < 0.1
    with pytest.MonkeyPatch.context() as patched, files_of(population, terms, cuts) as files:
        patched.setattr("pipelines.outbound.settle.MOST_SAMPLED", most_sampled)
        found = settle(files, gone)
    with pytest.MonkeyPatch.context() as patched, files_of(population, terms, ()) as files:
        patched.setattr("pipelines.outbound.settle.MOST_SAMPLED", most_sampled)
        whole = settle(files, gone)
    sample = Market(block.priority, SLATE, terms, chances).thinned(most_sampled)
    assert same(found.prices, settled(sample, exact_prices(sample.drawn_once)) if terms.pools else np.zeros(0))
    assert same(found.chosen, whole.chosen)
    everybody = draw(block.priority, SLATE, chances, terms.charges(found.prices))
    assert all(map(same, found.drawn.arrays, everybody.arrays))
    assert (found.bound.value, found.bound.bound) == pytest.approx((whole.bound.value, whole.bound.bound))


@given(worlds(), st.integers(1, 40), st.sets(st.integers(1, 39), max_size=3), st.booleans())
@settings(max_examples=40, deadline=None)
def test_pools_hold_and_what_is_left_over_goes_to_whom_chance_gave_nothing_until_nobody_can_have_any(
    random, n, cuts, refill
):
    population, terms = a_population(random, n), some_terms(random, n)
    (block, chances, _), gone = population, random.random(n) < random.choice([0.0, 0.2])
    with pytest.MonkeyPatch.context() as patched, files_of(population, terms, cuts) as files:
        patched.setattr("pipelines.outbound.settle.FILLINGS", n + 1)
        found = settle(files, gone, refill=refill)
    left = terms.left - terms.taken(found.chosen)
    assert (left >= 0).all()
    assert (found.chosen[gone] == NOBODY).all()
    assert found.moved.tolist() == (found.chosen != found.drawn.chosen).tolist()
    may_have = refill & ~found.drawn.given & (chances.epsilon < 1.0)
    for place in np.flatnonzero(found.moved & (found.chosen != NOBODY)).tolist():
        assert may_have[place]
        assert block.priority[place, found.chosen[place]] > 0
    for place in np.flatnonzero(may_have & ~gone.any()).tolist():
        has = found.chosen[place]
        mine, frees = (0.0, 0) if has == NOBODY else (block.priority[place, has], terms.takes[has])
        assert not (terms.takes[block.priority[place] > mine] <= left + frees).all(axis=1).any()


def all_alike(n, *, epsilon=0.0):
    """Customers to whom a mug is worth 25 and tea, of which there is enough, 2."""
    priority = np.tile([np.nan, np.nan, 25.0, np.nan, 2.0], (n, 1))
    chances = Chances((np.arange(n) + 0.5) / n, np.full(n, epsilon), must_fill=False)
    names = [f"c{place}" for place in range(n)]
    block = Block(names, SLATE, priority, priority / 100, ["nba"] * n, {}, ["none"] * n)
    mugs = Pool("inventory", "mugs", n // 4, actions=("fund",))
    return (block, chances, {}), Terms.of(SLATE, (mugs,), {mugs.key: 0})


@pytest.mark.parametrize("n", [4, 40, 400])
def test_where_all_customers_are_alike_the_best_goes_to_as_many_as_it_is_enough_for_and_the_second_to_the_others(n):
    population, terms = all_alike(n)
    with files_of(population, terms, (n // 2,)) as files:
        found = settle(files, np.zeros(n, dtype=bool))
    assert terms.taken(found.chosen).tolist() == [n // 4]
    assert (found.chosen == 4).sum() == n - n // 4
    assert found.bound.gap < 0.01


@given(worlds(), st.integers(1, 40), st.sets(st.integers(1, 39), max_size=3), st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_bound_is_above_whatever_could_be_chosen_beside_what_chance_took(random, n, cuts, must_fill):
    population, terms = a_population(random, n, must_fill=must_fill), some_terms(random, n)
    priority = population[0].priority
    with files_of(population, terms, cuts) as files:
        found = settle(files, np.zeros(n, dtype=bool))
    given_ = found.drawn.given
    kept = np.flatnonzero((found.chosen != NOBODY) & ~given_)
    assert found.bound.value == pytest.approx(sum(priority[at, found.chosen[at]] for at in kept.tolist()))
    spare = replace(terms, left=terms.left - terms.taken(found.chosen[given_]))
    still = Chances(np.zeros(n), np.zeros(n), must_fill=False)
    best, _ = solved(Market(priority[~given_], SLATE, spare, still.take(np.flatnonzero(~given_))))
    everybody_is_offered = must_fill and ((found.chosen != NOBODY) | (found.drawn.chosen == NOBODY)).all()
    if not everybody_is_offered:
        assert found.bound.bound >= best - 1e-6 * (1 + best)
    assert found.bound.bound >= found.bound.value - 1e-6 * (1 + best)


@pytest.mark.parametrize("n", [4, 40, 400])
def test_where_all_customers_are_alike_as_many_draw_the_best_as_it_is_enough_for(n):
    population, terms = all_alike(n)
    with files_of(population, terms, (n // 2,)) as files:
        found = settle(files, np.zeros(n, dtype=bool), refill=False)
    assert terms.taken(found.chosen).tolist() == [n // 4]
    kept = found.chosen != NOBODY
    assert (found.chosen[kept] == found.drawn.chosen[kept]).all()
