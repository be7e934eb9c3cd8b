"""Posterior sampling: a decision's probabilities are the shares of its draws, and what is drawn follows them."""

from collections import Counter
from math import exp
from random import Random

import numpy as np
import pytest
from as_logged import as_logged
from hypothesis import given
from hypothesis import strategies as st
from plain_draws import chances_of, without
from plain_options import choices_by, ranking_key
from scipy.stats import chisquare, kstest

from builders import FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.action import NO_ACTION, Treatment
from decisioning.catalog import Exploration, Placement
from decisioning.decide import consider, seed_of
from decisioning.eligibility import compile_catalog
from decisioning.exploration import first_of_each
from decisioning.option import Weighing, options_of
from decisioning.pool import Pool, Priced
from decisioning.ports import Candidate, Correction, Scores
from decisioning.posterior_sampling import N_DRAWS, sampled_priorities, standard_draws
from decisioning.ranking import Drawing, choices_of
from decisioning.slate import Slate
from decisioning.urn import Urn

NAMES = ("a", "b", "c", "d", "e")


def hundredths(n):
    return n / 100


seeds = st.integers(0, 2**64 - 1)
beliefs = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.integers(1, 90).map(hundredths), st.integers(0, 30).map(hundredths)),
    min_size=1,
    max_size=5,
)


class Unsure(FixedScorer):
    """Says of each action (propensity, SD)."""

    def score(self, features, candidates):
        said = np.array([self.says[each.action.name] for each in candidates])
        return Scores(said[:, 0], np.full(len(said), np.nan), None, Correction(9, said[:, 0], said[:, 1]))


def offered(says):
    actions = [an_action(name) for name in says]
    slate = Slate.of(Candidate(action, action.treatments[0]) for action in actions)
    weighing = Weighing("incremental_value", {})
    return options_of(slate, scorer=Unsure(says), features={}, weighing=weighing)


def choices(says, seed, *, must_fill=False):
    return choices_of(offered(says), Drawing(seed, 0.05, 1, must_fill=must_fill, sampled=True))


def decided(says, *, epsilon=0.05, request_id="r-1", exploration=None, **placement):
    catalog = a_catalog(
        *[an_action(name) for name in says],
        exploration=exploration or Exploration(epsilon),
        placements={"home": Placement("home", "web", **placement)},
    )
    customer = a_customer()
    return consider(a_request(request_id=request_id), customer, catalog=compile_catalog(catalog), scorer=Unsure(says))


@given(beliefs, seeds, st.floats(0, 1), st.booleans())
def test_probabilities_sum_to_one_and_each_keeps_its_share_of_exploration(says, seed, epsilon, must_fill):
    found = chances_of(choices(says, seed, must_fill=must_fill), epsilon)
    assert set(found) == set(says) | (set() if must_fill else {NO_ACTION})
    assert sum(found.values()) == pytest.approx(1.0)
    assert min(found.values()) >= epsilon / len(found)


@given(beliefs, seeds)
def test_a_probability_is_the_share_of_draws_in_which_a_choice_comes_first(says, seed):
    draws = dict(zip(sorted(says), standard_draws(seed, len(says)), strict=True))
    first = Counter()
    for nth in range(N_DRAWS):
        priority = {name: draws[name][nth] * (sd * 50.0) + mean * 50.0 for name, (mean, sd) in says.items()}
        priority[NO_ACTION] = 0.0
        first[min(priority, key=lambda name: ranking_key(name, priority[name]))] += 1
    found = chances_of(choices(says, seed), 0.0)
    assert found == {name: first[name] / N_DRAWS for name in found}


class Saying(FixedScorer):
    """Says the scores that it is given."""

    def score(self, features, candidates):
        return self.says


money = st.integers(0, 90).map(float)
factors = st.tuples(
    st.integers(1, 90).map(hundredths),
    st.integers(-50, 50).map(hundredths) | st.just(np.nan),
    st.integers(0, 30).map(hundredths),
    money,
    st.integers(0, 5).map(float),
    st.sampled_from([0.5, 1.0, 3.0]),
)
RULES = [
    {"mode": "incremental_value"},
    {"mode": "propensity_value"},
    {"mode": "value"},
    {"mode": "incremental_value", "by_issue": {"grow": "propensity_value"}},
    {"mode": "custom", "formula": "propensity * value * lever - cost"},
]


def plainly(rule, issue, propensity, uplift, value, cost, weight):
    """The priority of one candidate, read off the rule."""
    if rule["mode"] == "custom":
        return propensity * value * weight - cost
    mode = rule.get("by_issue", {}).get(issue, rule["mode"])
    chance = propensity if mode == "propensity_value" or np.isnan(uplift) else uplift
    gain = value if mode == "value" else chance * value
    if mode != "incremental_value":
        return gain * weight
    return (gain * weight if gain > 0 else gain) - cost


@given(st.lists(factors, min_size=2, max_size=4), st.sampled_from(RULES), seeds, st.sampled_from([0.0, 2.0]))
def test_a_drawn_priority_is_what_the_drawn_scores_would_have(told, rule, seed, price):
    issues = ["grow", "keep", "grow", "keep"]
    actions = [
        an_action(name, issue=issue, value=value, lever=lever, treatments=(Treatment("t", "web", cost=cost),))
        for name, issue, (_, _, _, value, cost, lever) in zip(NAMES, issues, told, strict=False)
    ]
    chance, uplift, spread = (np.array([each[place] for each in told]) for place in range(3))
    scores = Scores(chance, uplift, None, Correction(9, chance, spread))
    prices = [Priced(Pool("capacity", "web", 1, channel="web"), price)] if price else []
    weighing = Weighing(rule["mode"], {}, prices=prices, **{key: rule[key] for key in rule.keys() - {"mode"}})
    slate = Slate.of(Candidate(action, action.treatments[0]) for action in actions)
    options = options_of(slate, scorer=Saying(scores), features={}, weighing=weighing)
    drawn = sampled_priorities(options, seed)
    for row, (action, z) in enumerate(zip(actions, standard_draws(seed, len(actions)), strict=True)):
        for nth in range(0, N_DRAWS, 7):
            one, other = chance[row] + spread[row] * z[nth], uplift[row] + spread[row] * z[nth]
            if min(one, 1.0 if np.isnan(other) else other + 1.0) > 0.0:
                named = (one, other, action.value, action.treatments[0].cost, action.lever)
                expected = plainly(rule, action.issue, *named) - price
                assert drawn[row, nth] == pytest.approx(expected, abs=1e-9)


def test_a_scorers_own_priority_is_drawn_around_by_what_the_spread_is_worth():
    own, spread = np.array([3.0, 5.0]), np.array([0.1, 0.0])
    scores = Scores(np.array([0.1, 0.2]), np.full(2, np.nan), own, Correction(9, np.array([0.1, 0.2]), spread))
    actions = [an_action(name, value=20.0) for name in "ab"]
    slate = Slate.of(Candidate(action, action.treatments[0]) for action in actions)
    for rule in RULES:
        more = {key: rule[key] for key in rule.keys() - {"mode"}}
        weighing = Weighing(rule["mode"], {}, **more)
        options = options_of(slate, scorer=Saying(scores), features={}, weighing=weighing)
        expected = own[:, None] + 20.0 * spread[:, None] * standard_draws(7, 2)
        assert sampled_priorities(options, 7) == pytest.approx(expected)


@given(beliefs, seeds)
def test_the_order_of_the_actions_is_irrelevant(says, seed):
    turned = dict(reversed(says.items()))
    assert chances_of(choices(says, seed), 0.1) == chances_of(choices(turned, seed), 0.1)


@given(beliefs, seeds)
def test_who_is_sure_of_everything_explores_by_the_even_share_alone(says, seed):
    sure = {name: (mean, 0.0) for name, (mean, _) in says.items()}
    expected = choices_by({NO_ACTION: 0.0} | {name: 50.0 * mean for name, (mean, _) in sure.items()})
    found = chances_of(choices(sure, seed), 0.1)
    assert found == pytest.approx(chances_of(expected, 0.1))


def test_over_decisions_the_shares_are_those_of_independent_normal_draws():
    says = {"a": (0.10, 0.05), "b": (0.12, 0.03), "c": (0.05, 0.10)}
    decisions = [chances_of(choices(says, seed, must_fill=True), 0.0) for seed in range(3000)]
    shares = np.mean([list(each.values()) for each in decisions], axis=0)
    mean, sd = np.array(list(says.values())).T
    first = (mean + sd * np.random.default_rng(1).normal(size=(400_000, 3))).argmax(axis=1)
    assert shares == pytest.approx(np.bincount(first) / len(first), abs=0.006)


def test_every_draw_is_standard_normal_and_draws_of_different_actions_are_independent():
    draws = np.array([standard_draws(seed, 2) for seed in range(2000)])
    assert kstest(draws[:, 0, 0], "norm").pvalue > 0.001
    assert abs(np.corrcoef(draws[:, 0, 5], draws[:, 1, 5])[0, 1]) < 0.07
    assert draws.std() == pytest.approx(1.0, abs=0.01)


def test_choices_are_drawn_as_often_as_the_decision_says():
    urn = Urn(choices({"a": (0.10, 0.05), "b": (0.12, 0.03), "c": (0.05, 0.10)}, 5), 0.05)
    random = Random(4)  # noqa: S311 (exploration)
    drawn = Counter(urn.draw(random.random())[0] for _ in range(100_000))
    expected = [100_000 * share for share in urn.probabilities()]
    assert chisquare([drawn[name] for name in urn.names], expected).pvalue > 0.001


def test_a_decision_can_be_drawn_again_from_its_record_alone():
    says = {name: (0.1 + 0.01 * place, 0.05) for place, name in enumerate(NAMES)}
    decision = as_logged(decided(says, limit=2))
    assert decision.learned.seq == 9
    again = {name: (decision.scores[name][0], decision.learned.scores[name][1]) for name in decision.scores}
    assert chances_of(choices(again, decision.seed), decision.epsilon) == decision.eligible
    assert decision.learned.scores["a"] == (0.1, 0.05)


def test_lower_ranks_are_drawn_from_what_is_left_of_the_same_draws():
    says = dict.fromkeys(NAMES, (0.1, 0.05))
    decision = decided(says, limit=5, must_fill=True, epsilon=0.0)
    left = choices(says, seed_of(decision.decision_id), must_fill=True)
    for ranked in decision.ranked:
        assert ranked.rank_probability == chances_of(left, 0.0)[ranked.action]
        left = without(left, {ranked.action})
    assert len(decision.ranked) == 5


def test_a_placement_that_does_not_explore_takes_the_best_of_what_was_learned():
    says = {"a": (0.10, 0.3), "b": (0.12, 0.3)}
    decision = decided(says, explore=False)
    assert decision.eligible == {"a": 0.0, "b": 1.0, NO_ACTION: 0.0}


def test_where_choices_are_drawn_by_a_temperature_it_takes_the_place_of_the_posterior():
    says = {"a": (0.10, 0.3), "b": (0.12, 0.3)}
    weights = {"a": exp(5.0 / 2.0), "b": exp(6.0 / 2.0), NO_ACTION: 1.0}
    soft = Exploration(0.1, temperature=2.0)
    decision = decided(says, exploration=soft)
    expected = {name: 0.1 / 3 + 0.9 * each / sum(weights.values()) for name, each in weights.items()}
    assert decision.eligible == pytest.approx(expected)
    assert (
        decision.eligible == decided({name: (mean, 0.0) for name, (mean, _) in says.items()}, exploration=soft).eligible
    )


def test_the_first_of_equal_draws_wins():
    assert first_of_each(np.ones((4, 2))) == [4, 0]


def test_a_reason_says_what_recent_answers_moved():
    class Moved(Unsure):
        def score(self, features, candidates):
            found = super().score(features, candidates)
            return found._replace(correction=found.correction._replace(bundle=found.propensity - 0.02))

    catalog = compile_catalog(a_catalog(an_action("a")))
    decision = consider(a_request(), a_customer(), catalog=catalog, scorer=Moved({"a": (0.5, 0.0)}))
    assert "recent answers change that by +2.0 points" in decision.ranked[0].reasons
