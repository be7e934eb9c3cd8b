"""Posterior sampling for a block: what one draw of each customer says on the average is what all draws say."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import an_action
from decisioning.arbitration_rule import Rule
from decisioning.outbound.choice import Chances, draw
from decisioning.outbound.factors import NAMES, Factors
from decisioning.outbound.sampling import Sampling
from decisioning.ports import Candidate
from decisioning.posterior_sampling import N_DRAWS
from decisioning.slate import Slate

SLATE = Slate.of(Candidate(each := an_action(f"a{n}"), each.treatments[0]) for n in range(4))
PLAIN = (Rule("incremental_value"), Rule("propensity_value"), Rule("value"))
RULES = (*PLAIN, Rule("custom", "propensity * value + age"), Rule("custom", "propensity * (1 - propensity) * value"))


def worlds():
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def alike(random, rule, *, spread):
    """One customer as often as a decision has draws: priorities by mean factors, and how they are drawn."""
    shape = N_DRAWS, len(SLATE.candidates)
    columns = {name: np.broadcast_to(random.random(shape[1]), shape) for name in NAMES}
    columns |= {"value": columns["value"] * 9, "spread": columns["spread"] * spread}
    seeds = np.full(N_DRAWS, random.integers(2**63), dtype=np.uint64)
    factors = Factors(columns, given=False, said={"age": np.full(N_DRAWS, 0.1)})
    known = np.where(random.random(shape[1]) < 0.2, np.nan, 0.0)
    sampling = Sampling.by(seeds, factors, SLATE, rule)
    priority = _at_mean(factors, rule) + known
    return priority, sampling


def _at_mean(factors, rule):
    still = Factors({**factors.columns, "spread": factors.spread * 0.0}, given=False, said=factors.said)
    seeds = np.zeros(N_DRAWS, dtype=np.uint64)
    return Sampling.by(seeds, still, SLATE, rule).drawn_once(np.zeros(factors.spread.shape), SLATE)


@given(worlds(), st.sampled_from(RULES), st.booleans())
def test_one_draw_of_each_says_on_the_average_what_all_draws_say(random, rule, must_fill):
    priority, sampling = alike(random, rule, spread=random.choice([0.0, 0.1, 1.0]))
    no_charges, evenly = np.zeros(len(SLATE.candidates)), (np.arange(N_DRAWS) + 0.5) / N_DRAWS
    chances = Chances(evenly, np.zeros(N_DRAWS), must_fill, sampling=sampling)
    by_all = draw(priority, SLATE, chances, no_charges)
    alone = Chances(evenly, np.zeros(N_DRAWS), must_fill)
    by_one = draw(sampling.drawn_once(priority, SLATE), SLATE, alone, no_charges)
    assert sorted(by_all.chosen) == sorted(by_one.chosen)
    for chosen, chance in zip(by_all.chosen.tolist(), by_all.probability.tolist(), strict=True):
        assert chance * N_DRAWS == (by_one.chosen == chosen).sum()


@given(worlds(), st.sampled_from(PLAIN))
@settings(max_examples=40)
def test_a_rule_draws_what_is_worth_anything_alike_whether_or_not_it_names_an_issue_that_nothing_is_of(random, rule):
    priority, sampling = alike(random, rule, spread=1.0)
    named = replace(sampling, rule=rule._replace(by_issue={"nothing": rule.mode}))
    one, other = (np.maximum(each.drawn_once(priority, SLATE), 0.0) for each in (sampling, named))
    assert np.allclose(one, other, rtol=1e-12, equal_nan=True)


@given(worlds(), st.sampled_from(RULES))
def test_who_has_no_posterior_draws_by_priority_alone(random, rule):
    priority, sampling = alike(random, rule, spread=np.nan)
    evenly, charges = random.random(N_DRAWS), random.random(len(SLATE.candidates))
    chances = Chances(evenly, np.full(N_DRAWS, 0.2), must_fill=False)
    plain = draw(priority, SLATE, chances, charges)
    sampled = draw(priority, SLATE, Chances(evenly, np.full(N_DRAWS, 0.2), must_fill=False, sampling=sampling), charges)
    for one, other in zip(plain.arrays, sampled.arrays, strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(sampling.drawn_once(priority, SLATE), priority, equal_nan=True)
