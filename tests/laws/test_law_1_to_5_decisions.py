"""Laws 1 to 5 of the design: probabilities, exclusion, monotonicity, determinism, frequencies."""

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from as_logged import as_logged
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_options import choices_by
from scipy.stats import chisquare

from builders import NOON, FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.action import NO_ACTION
from decisioning.catalog import Cap, ContactPolicy, Exploration, Hold, HoldoutArms, Placement, Rest
from decisioning.cold_start import CatalogScorer
from decisioning.customer import Answer, ConsentState, Contact, ContactHistory, StandingHold
from decisioning.decide import consider, seed_of
from decisioning.eligibility import UNREADABLE, compile_catalog
from decisioning.errors import UnavailableError
from decisioning.replay import differences, replayed
from decisioning.urn import Urn

NAMES = [f"a{i}" for i in range(8)]
CONDITIONS = ["", "age >= 18", "age < 18", "income > 10", "tier = 'gold'", "age IS NULL", "missing > 1"]
conditions = st.sampled_from(CONDITIONS)
actions = st.builds(
    an_action,
    group=st.sampled_from(["cards", "loans"]),
    issue=st.sampled_from(["grow", "serve"]),
    purpose=st.sampled_from(["marketing", "service"]),
    value=st.floats(0, 100),
    eligibility=conditions,
    applicability=conditions,
    suitability=conditions,
)
scores = st.tuples(st.floats(0, 1), st.one_of(st.just(math.nan), st.floats(-0.5, 0.5)))
contacts = st.lists(
    st.builds(
        Contact,
        action=st.sampled_from(NAMES),
        group=st.sampled_from(["cards", "loans"]),
        channel=st.just("web"),
        at=st.integers(0, 200).map(lambda h: NOON - timedelta(hours=h)),
    ),
    max_size=6,
)
answers = st.lists(
    st.builds(
        Answer,
        action=st.sampled_from(NAMES),
        group=st.sampled_from(["cards", "loans"]),
        type=st.sampled_from(["reject", "accept"]),
        at=st.integers(0, 200).map(lambda h: NOON - timedelta(hours=h)),
    ),
    max_size=4,
)
standing = st.sampled_from([(), (StandingHold("a call", ("grow",), NOON + timedelta(days=1)),), (StandingHold("all"),)])
policies = st.builds(
    ContactPolicy,
    caps=st.lists(
        st.builds(
            Cap,
            scope=st.sampled_from(["action", "group", "channel", "customer"]),
            at_most=st.integers(0, 4),
            within=st.just(timedelta(days=7)),
        ),
        max_size=2,
    ).map(tuple),
    rests=st.sampled_from([(), (Rest("reject", 2, timedelta(days=7), timedelta(days=30)),)]),
    holds=st.sampled_from([(), (Hold("busy", "age > 30", ("grow",)),), (Hold("unknown", "missing = 1", ("serve",)),)]),
)
customers = st.builds(
    a_customer,
    features=st.fixed_dictionaries(
        {
            "age": st.one_of(st.none(), st.floats(0, 90)),
            "income": st.one_of(st.none(), st.floats(0, 20)),
            "tier": st.sampled_from([None, "gold", "tin"]),
        }
    ),
    consent=st.sampled_from(
        [ConsentState(), ConsentState({("marketing", ""): False}), ConsentState({("service", "web"): False})]
    ),
    history=st.builds(ContactHistory, contacts=contacts, answers=answers),
    holds=standing,
    degraded=st.sampled_from([(), ("features",), (UNREADABLE,)]),
    customer_id=st.sampled_from([f"c_{i}" for i in range(30)]),
)


@st.composite
def cases(draw):
    chosen = [replace(draw(actions), name=name) for name in NAMES[: draw(st.integers(1, 8))]]
    catalog = a_catalog(
        *chosen,
        contact_policy=draw(policies),
        exploration=Exploration(
            epsilon=draw(st.sampled_from([0.0, 0.05, 0.3, 1.0])), temperature=draw(st.sampled_from([0.0, 0.0, 4.0]))
        ),
        holdout=HoldoutArms("s", {"hold_out": 0.2, "random_eligible": 0.2, "eligibility_only": 0.2}),
        placements={
            "home": Placement("home", "web", must_fill=draw(st.booleans()), explore=draw(st.booleans()), limit=4)
        },
    )
    scorer = FixedScorer({name: draw(scores) for name in NAMES})
    return catalog, scorer, draw(customers), a_request(request_id=draw(st.uuids().map(str)))


def _decide(catalog, scorer, customer, request):
    return consider(request, customer, catalog=compile_catalog(catalog), scorer=scorer)


@given(cases())
def test_law_1_probabilities_over_the_eligible_set_sum_to_one_and_keep_the_floor(case):
    decision = _decide(*case)
    assert sum(decision.eligible.values()) == pytest.approx(1.0, abs=1e-12)
    floor = decision.epsilon / len(decision.eligible)
    assert all(probability >= floor - 1e-12 for probability in decision.eligible.values())
    assert decision.eligible[decision.chosen] > 0


@given(cases())
def test_law_2_an_excluded_action_never_appears_at_any_rank(case):
    decision = _decide(*case)
    excluded = {exclusion.action for exclusion in decision.exclusions}
    shown = {item.action for item in decision.ranked}
    assert not excluded & (shown | set(decision.eligible))
    assert excluded | (set(decision.eligible) - {NO_ACTION}) == set(case[0].actions)


def _forbidden(catalog, customer):
    """The slow oracle: every action that a plain reading of the rules forbids, written independently of the funnel."""
    facts = customer.features
    truth = {
        "": True,
        "age >= 18": facts["age"] is not None and facts["age"] >= 18,
        "age < 18": facts["age"] is not None and facts["age"] < 18,
        "income > 10": facts["income"] is not None and facts["income"] > 10,
        "tier = 'gold'": facts["tier"] == "gold",
        "age IS NULL": facts["age"] is None,
        "missing > 1": False,
    }
    no = {purpose for (purpose, _), said in customer.consent.answers.items() if not said}
    return {
        name
        for name, action in catalog.actions.items()
        if not truth[action.eligibility] or action.purpose in no or UNREADABLE in customer.degraded
    }


@given(cases())
def test_law_2_agrees_with_a_plain_reading_of_the_rules(case):
    catalog, _, customer, _ = case
    decision = _decide(*case)
    assert not _forbidden(catalog, customer) & {item.action for item in decision.ranked}


class BrokenScorer(FixedScorer):
    def score(self, features, candidates):
        raise UnavailableError("the model does not answer")


@given(cases())
def test_law_2_holds_when_the_model_fails(case):
    catalog, scorer, customer, request = case
    decision = _decide(catalog, BrokenScorer(scorer.says), customer, request)
    assert not {e.action for e in decision.exclusions} & {item.action for item in decision.ranked}
    assert set(decision.eligible) == {NO_ACTION} or "model" in decision.degraded


@given(cases())
def test_law_2_caps_hold_over_the_whole_list(case):
    catalog, _, customer, _ = case
    decision = _decide(*case)
    for cap in catalog.contact_policy.caps:
        keys = [
            {"action": c.action, "group": c.group, "channel": c.channel, "customer": ""}[cap.scope]
            for c in [*customer.history.contacts, *(_as_contact(catalog, item) for item in decision.ranked)]
            if NOON - c.at < cap.within
        ]
        reached_by_us = {
            {"action": i.action, "group": catalog.actions[i.action].group, "channel": i.channel, "customer": ""}[
                cap.scope
            ]
            for i in decision.ranked
        }
        assert all(keys.count(key) <= cap.at_most for key in reached_by_us)


def _as_contact(catalog, item):
    return Contact(item.action, catalog.actions[item.action].group, item.channel, NOON)


@given(cases(), st.randoms())
def test_law_3_the_order_of_candidates_is_irrelevant(case, random):
    catalog, scorer, customer, request = case
    names = list(catalog.actions)
    random.shuffle(names)
    shuffled = replace(catalog, actions={name: catalog.actions[name] for name in names})
    assert _decide(shuffled, scorer, customer, request) == _decide(*case)


@given(cases(), st.sampled_from(NAMES), conditions)
def test_law_3_adding_a_condition_never_enlarges_the_eligible_set(case, name, condition):
    catalog, scorer, customer, request = case
    if name not in catalog.actions or not condition:
        return
    action = catalog.actions[name]
    both = f"({action.eligibility}) AND ({condition})" if action.eligibility else condition
    stricter = replace(catalog, actions={**catalog.actions, name: replace(action, eligibility=both)})
    left = set(_decide(stricter, scorer, customer, request).eligible)
    assert left <= set(_decide(*case).eligible) or left == {NO_ACTION}  # also where a placement must be filled


def _rank(catalog, scorer, name):
    greedy = replace(
        catalog,
        exploration=Exploration(epsilon=0.0),
        contact_policy=ContactPolicy(),
        holdout=HoldoutArms(),
        placements={"home": Placement("home", "web", must_fill=True, limit=8)},
    )
    decision = _decide(greedy, scorer, a_customer(), a_request())
    return next((item.rank for item in decision.ranked if item.action == name), 99)


def _open(catalog):
    return replace(
        catalog,
        actions={
            name: replace(action, eligibility="", applicability="", suitability="", purpose="service")
            for name, action in catalog.actions.items()
        },
        purposes={"service": False},
    )


@given(cases(), st.floats(0, 0.5))
def test_law_3_raising_a_propensity_never_lowers_a_rank(case, more):
    catalog, scorer = _open(case[0]), case[1]
    propensity, uplift = scorer.says["a0"]
    raised = FixedScorer({**scorer.says, "a0": (min(1.0, propensity + more), min(1.0, uplift + more))})
    assert _rank(catalog, raised, "a0") <= _rank(catalog, scorer, "a0")


@given(cases(), st.floats(0, 100))
def test_law_3_raising_a_value_never_lowers_the_rank_of_an_action_that_does_no_harm(case, more):
    catalog, scorer = _open(case[0]), case[1]
    propensity, uplift = scorer.says["a0"]
    harmless = FixedScorer({**scorer.says, "a0": (propensity, abs(uplift))})
    action = catalog.actions["a0"]
    raised = replace(catalog, actions={**catalog.actions, "a0": replace(action, value=action.value + more)})
    assert _rank(raised, harmless, "a0") <= _rank(catalog, harmless, "a0")


@given(cases())
def test_law_4_same_inputs_and_seed_give_the_same_decision(case):
    assert _decide(*case) == _decide(*case)


@given(cases(), st.sampled_from([None, 1, 2, 5]))
def test_law_4_a_logged_decision_replays_exactly(case, limit):
    catalog, scorer, customer, request = case
    decided = _decide(catalog, scorer, customer, replace(request, limit=limit))
    logged = as_logged(decided)
    assert logged == decided
    again = replayed(logged, catalog=compile_catalog(catalog), scorer=scorer)
    assert again == logged
    assert differences(logged, again) == ()


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_law_5_frequencies_agree_with_the_logged_probabilities_over_100_000_draws(temperature):
    urn = Urn(choices_by({"a": 3.0, "b": 2.0, "c": 1.0, NO_ACTION: 0.0}), 0.4, temperature)
    n = 100_000
    uniforms = np.random.default_rng(11).random(n)
    counts = Counter(urn.draw(uniform)[0] for uniform in uniforms.tolist())
    expected = [share * n for share in urn.probabilities()]
    assert chisquare([counts[name] for name in urn.names], expected).pvalue > 0.001


@pytest.mark.slow
def test_law_5_frequencies_of_whole_decisions_agree_with_their_logged_probabilities():
    catalog = compile_catalog(a_catalog(exploration=Exploration(epsilon_without_bundle=0.6)))
    customer, n = a_customer(), 100_000
    chosen, logged = Counter(), Counter()
    for i in range(n // 10):
        decision = consider(a_request(request_id=f"r-{i}", limit=1), customer, catalog=catalog, scorer=CatalogScorer())
        chosen[decision.chosen] += 1
        logged.update(decision.eligible)
    names = sorted(logged)
    assert chisquare([chosen[name] for name in names], [logged[name] for name in names]).pvalue > 0.001


@settings(max_examples=50)
@given(st.lists(st.uuids().map(str), min_size=2, max_size=2, unique=True))
def test_seeds_of_different_decisions_differ(ids):
    assert seed_of(ids[0]) != seed_of(ids[1])
