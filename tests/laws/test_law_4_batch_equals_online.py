"""A batch decides for each customer as a single decision does: same customer, seed and prices, same decision.

Catalogues ask for ties to be broken and for draws that stay, a challenger may decide for half of the customers, and a
fast layer may have learned between trainings.
"""

from collections import Counter
from dataclasses import replace
from datetime import time, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import NOON, a_catalog, an_action
from decisioning.action import Treatment
from decisioning.arbitration_rule import Rule
from decisioning.catalog import (
    Cap,
    Channel,
    ContactPolicy,
    ContextWeight,
    Exploration,
    Hold,
    HoldoutArms,
    Placement,
    QuietHours,
    Rest,
)
from decisioning.condition import compile_condition
from decisioning.condition_array import Words
from decisioning.condition_time import EPOCH
from decisioning.customer import Answer, ConsentState, Contact, ContactHistory, StandingHold
from decisioning.decide import Ports, epsilon_of, propose, temperature_of
from decisioning.eligibility import compile_catalog
from decisioning.errors import ArtifactError
from decisioning.exclusive import Exclusive
from decisioning.fast_layer.belief import DAY_US, Belief
from decisioning.fast_layer.exposure import Exposure, Regressors
from decisioning.fast_layer.layer import FastLayer
from decisioning.fast_layer.scorer import FastScorer
from decisioning.feature_use import as_allowed
from decisioning.funnel import values_of
from decisioning.outbound.choice import NOBODY, Chances, Terms, draw, seeds, uniforms
from decisioning.outbound.crowd import Crowd
from decisioning.outbound.met import met
from decisioning.outbound.request import request_of
from decisioning.outbound.sampling import Sampling
from decisioning.outbound.sending import send_times
from decisioning.outbound.sides import Sides
from decisioning.pool import Pool
from decisioning.ports import Scores
from decisioning.rollout import Rollout
from decisioning.variant import VariantTest

ZONES = ("Asia/Tokyo", "America/Lima", "Europe/Berlin")
CONDITIONS = (
    "",
    "age > 30",
    "segment = 'gold' OR age < 20",
    "last_seen < now - 3 days",
    "income IS NULL",
    "age / 0 > 1",
    "foreseen.churn > 0.4",
    "foreseen.satisfaction > 0",
)


class LinearScorer:
    """Scores from two features, of few levels so that priorities are often equal; one customer or many alike."""

    def __init__(self, version, modulus, *, ranks=False):
        self.version, self.modulus, self.ranks = version, modulus, ranks

    def score(self, features, candidates):
        row = np.array([[np.nan if features.get(n) is None else features[n] for n in ("age", "income")]])
        found = self.score_matrix(row, candidates)
        return Scores(found.propensity[0], found.uplift[0], None if found.priority is None else found.priority[0])

    def encode(self, features, *, n_rows):
        return np.stack([np.asarray(features[n], dtype=float) for n in ("age", "income")], axis=1)

    def score_matrix(self, customers, candidates):
        size = np.array([len(each.action.name) + each.treatment.cost for each in candidates])
        known = np.nan_to_num(customers, nan=7.0)
        propensity = (known[:, :1] * 3 + known[:, 1:] * size) % self.modulus / self.modulus
        uplift = np.where(size % 2 == 0, propensity - 0.3, np.nan)
        return Scores(propensity, uplift, propensity * 20 - size if self.ranks else None)

    def foresee(self, features):
        age = features.get("age")
        return {"churn": 0.0 if age is None else age % self.modulus % 10 / 10}

    def foresee_many(self, features, *, n_rows):
        return {"churn": np.nan_to_num(np.asarray(features["age"], dtype=float)) % self.modulus % 10 / 10}

    def explain(self, features, candidate):
        return ()


class OneByOne:
    """Another scorer's scores, of one customer at a time."""

    def __init__(self, scorer):
        self.version, self.score, self.foresee = scorer.version, scorer.score, scorer.foresee


class Known:
    """Reads the customers of a crowd."""

    def __init__(self, crowd):
        self.crowd, self.places = crowd, {each: place for place, each in enumerate(crowd.ids)}

    def read(self, reference, *, now):
        return self.crowd.customer(self.places[reference.value])


def worlds():
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def a_world(random):
    pick = lambda options: options[random.integers(len(options))]  # noqa: E731 (a word for it, nothing more)
    mostly_open = CONDITIONS + ("",) * 12
    consent, conditions = pick((("opt_in", CONDITIONS), ("opt_out", mostly_open), ("none", mostly_open)))
    actions = [
        an_action(
            name,
            group=pick(("cards", "loans")),
            issue=pick(("grow", "care")),
            purpose=pick(("marketing", "service")),
            eligibility=pick(conditions),
            suitability=pick(conditions),
            lever=pick((1.0, 2.0)),
            transactional=pick((False, False, True)),
            mandatory=pick((False,) * 9 + (True,)),
            value=float(pick((10, 10, random.integers(1, 90)))),
            value_formula=pick(("", "", "income - 20", "age / (income - income)")),
            valid_until=pick((None, None, None, NOON + timedelta(hours=15))),
            treatments=tuple(_a_treatment(f"t{k}", name, pick) for k in range(pick((1, 2)))),
        )
        for name in ("card", "fund", "loan", "tea")
    ]
    parts = pick((("card", "tea"), ("fund",)))
    pack = an_action("pack", value=float(random.integers(1, 90)), bundle=parts, treatments=(Treatment("t0", "email"),))
    actions.append(pack)
    policy = ContactPolicy(
        caps=(Cap("channel", 2, timedelta(days=7)), Cap("action", 1, per="day")),
        rests=(Rest("reject", 1, timedelta(days=5), timedelta(days=9), "group"),),
        holds=(Hold("ticket", "segment = 'silver'", ("grow",)),),
        quiet_hours=(QuietHours(time(22), time(9)),),
        time_zone_feature=pick(("zone", "zone", "zone", "nowhere", "age", "")),
        exclusive=(Exclusive("one of a kind", ("card", "tea"), timedelta(days=4)),),
    )
    return a_catalog(
        *actions,
        channels={
            "email": Channel(
                "email", outbound=True, consent=consent, capacity=Pool("capacity", "email", 20, "day", channel="email")
            )
        },
        placements={
            "mail": Placement(
                "mail",
                "email",
                limit=1,
                must_fill=bool(random.integers(2)),
                fallback=pick(("", "tea")),
                explore=pick((True, True, True, False)),
            )
        },
        purposes={"service": False, "profiling": pick((True, False))},
        contact_policy=policy,
        tie_break=pick(((), ("cost",), ("uplift", "value"), ("propensity", "cost"))),
        arbitration=pick(("incremental_value", "propensity_value", "value", "custom")),
        priority_formula="propensity * value * lever * context_weight + age / 10 - cost",
        arbitration_by_issue=pick(({}, {"care": "value"})),
        exploration=Exploration(
            epsilon=float(pick((0.0, 0.1, 0.6))),
            sticky=pick(("", "customer", "session")),
            temperature=float(pick((0.0, 0.0, 0.5, 8.0))),
        ),
        holdout=HoldoutArms(
            "salt", {"hold_out": 0.1, "random_eligible": 0.1, "no_levers": 0.2, "eligibility_only": 0.2}
        ),
        context_weights=(ContextWeight("care", "age > 40", 3.0),),
        budgets={"spring": Pool("budget", "spring", 5.0, actions=("card", "fund"))},
        tests=_some_tests(actions, pick),
    )


def _a_treatment(name, action, pick):
    """What a budget counts costs a number; what else may cost each customer their own."""
    own = "" if action in ("card", "fund") else pick(("", "", "age / 40", "income - 30"))
    where = pick((frozenset(),) * 5 + (frozenset({"mail"}), frozenset({"elsewhere"})))
    cost, hour = float(pick((0.0, 0.5, 1.5))), pick((None, None, 11))
    return Treatment(name, "email", cost=cost, cost_formula=own, placements=where, send_hour=hour)


def _some_tests(actions, pick):
    """A test of two actions, one of treatments where the first action has two, both, or none."""
    of_actions = VariantTest("which", {"fund": 0.4, "loan": pick((0.3, 0.6))})
    treatments = [each.name for each in actions[0].treatments]
    of_treatments = VariantTest("how", dict.fromkeys(treatments, 0.45), action=actions[0].name)
    tests = {"which": of_actions, **({"how": of_treatments} if len(treatments) > 1 else {})}
    return pick((tests, {}))


def a_crowd(random, n=40):
    number = lambda: np.where(random.random(n) < 0.2, np.nan, random.integers(10, 80, n).astype(float))  # noqa: E731
    word = lambda words: Words(np.where(random.random(n) < 0.2, np.nan, random.integers(len(words), size=n)), words)  # noqa: E731
    seen = np.where(random.random(n) < 0.3, np.nan, NOON.timestamp() - random.integers(0, 9, n) * 86400.0)
    consents, histories, holds = {}, {}, {}
    for place in range(n):
        if random.random() < 0.8:
            said = {
                (p, c): bool(random.random() < 0.8)
                for p in ("marketing", "profiling")
                for c in ("", "email")
                if random.random() < 0.5
            }
            consents[place] = ConsentState(said)
        if random.random() < 0.3:
            day = NOON - timedelta(days=float(random.integers(1, 9)))
            ends = [None, NOON, NOON + timedelta(seconds=1)][random.integers(3)]
            contacts = [Contact("card", "cards", "email", day, ends)] * int(random.integers(1, 3))
            histories[place] = ContactHistory(contacts, [Answer("loan", "loans", "reject", day)])
        if random.random() < 0.1:
            holds[place] = (StandingHold("sales", [("care",), ()][random.integers(2)]),)
    return Crowd(
        [f"c_{place}" for place in range(n)],
        NOON,
        {
            "age": number(),
            "income": number(),
            "last_seen": seen,
            "segment": word(("gold", "silver")),
            "zone": word(ZONES),
        },
        consents,
        histories,
        holds,
        purposes={"profiling": ("segment", "income", "zone")},
        used=[{"budget:spring": 4_000_000, "capacity:email": 3}, {"capacity:email": 19}][int(random.random() < 0.2)],
    )


def hardly_told_apart(crowd):
    """The same, but that next to nothing tells them apart besides conditions."""
    places, yes = range(len(crowd)), ConsentState({("marketing", ""): True})
    columns = {**crowd.columns, "zone": Words(np.zeros(len(crowd)), ZONES)}
    return replace(crowd, columns=columns, consents=dict.fromkeys(places, yes), histories={}, holds={})


def learned_above(scorer, random):
    """The scorer below a fast layer that has learned something of two actions, or nothing."""
    n = int(random.integers(3))
    regressors = Regressors(("age", "segment")[:n], (3.0, 0.0)[:n], (1.0, 2.0)[:n])
    layer = FastLayer(Belief(half_life_days=30.0), regressors.size)
    for _ in range(int(random.choice([0, 9, 300]))):
        row = np.array([1.0, *random.normal(size=regressors.size - 1)])
        exposure = Exposure(row, 0.3, int(random.integers(DAY_US)), bool(random.random() < 0.5))
        layer.learn(str(random.choice(["card", "fund"])), exposure)
    return FastScorer(scorer, layer.posterior(DAY_US), regressors, float(random.choice([0.0, 0.3, 1.0])), 7)


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_a_batch_decides_as_single_decisions_do(random):
    compiled, crowd = compile_catalog(a_world(random)), a_crowd(random)
    crowd = hardly_told_apart(crowd) if random.random() < 0.3 else crowd
    champion, challenger = (
        LinearScorer(name, int(random.choice([2, 97])), ranks=bool(random.random() < 0.2))
        for name in ("linear", "none")
    )
    champion = OneByOne(champion) if random.random() < 0.2 else champion
    if has_learned := bool(random.integers(4)):
        champion = learned_above(champion, random)
    rollout = [None, Rollout(challenger, 0.5), Rollout(challenger)][random.integers(3)]
    catalog, placement = compiled.catalog, compiled.catalog.placements["mail"]
    block = Sides(champion, rollout).weighed(crowd, compiled, placement)
    terms = Terms.of(block.slate, tuple(compiled.pools.values()), crowd.used)
    prices = {pool.key: price for pool, price in zip(terms.pools, random.random(len(terms.pools)) * 20, strict=True)}
    told = zip(block.arms, block.bundles, strict=True)
    rates = np.array([epsilon_of(arm, placement, catalog, version=bundle) for arm, bundle in told])
    seeded = seeds("run", crowd.ids, catalog, placement="mail")
    sampling = None if block.factors is None else Sampling.by(seeded, block.factors, block.slate, Rule.of(catalog))
    temperature = temperature_of(placement, catalog)
    chances = Chances(uniforms(seeded), rates, placement.must_fill, block.preference, sampling, temperature)
    drawn = draw(block.priority, block.slate, chances, terms.charges(np.array(list(prices.values()))))
    stopped, sends = Counter(), send_times(crowd, block.slate, compiled, placement)
    ports = Ports(compiled, Known(crowd), champion, None, rollout=rollout)
    for place, customer_id in enumerate(crowd.ids):
        request = request_of("run", customer_id, placement="mail", prices=prices)
        single = propose(request, ports=ports, now=NOON)
        stopped.update(each.stage for each in single.exclusions)
        chosen = drawn.chosen[place]
        assert (block.arms[place], block.bundles[place]) == (single.arm, single.versions.bundle)
        by_heights = 1e-11 if temperature else 0
        assert drawn.probability[place] == pytest.approx(single.eligible[single.chosen], rel=by_heights, abs=0)
        if chosen == NOBODY:
            assert single.chosen == "no_action"
        else:
            (item,) = single.ranked
            candidate = block.slate.candidates[chosen]
            assert (candidate.action.name, candidate.treatment.name) == (item.action, item.treatment)
            goes_out = None if chosen not in sends else EPOCH + timedelta(microseconds=int(sends[chosen][place]))
            assert goes_out == item.send_at
            assert drawn.priority[place] == pytest.approx(item.priority, rel=1e-11, abs=1e-12)
            assert block.propensity[place, chosen] == pytest.approx(item.propensity, rel=1e-12 if has_learned else 0)
    assert block.stopped == stopped


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_a_condition_is_true_of_those_of_a_crowd_of_whom_it_is_true_one_by_one(random):
    compiled, crowd = compile_catalog(a_world(random)), a_crowd(random)
    champion, challenger = LinearScorer("linear", 97), LinearScorer("none", 7)
    rollout = [None, Rollout(challenger, 0.5), Rollout(challenger, 1.0), Rollout(challenger)][random.integers(4)]
    placement, sides = compiled.catalog.placements["mail"], Sides(champion, rollout)
    ports = Ports(compiled, Known(crowd), champion, None, rollout=rollout)
    policy, channel = compiled.catalog.contact_policy, compiled.catalog.channels["email"]
    for condition in map(compile_condition, CONDITIONS):
        flags = met(crowd, condition, compiled, placement, sides)
        for place in range(len(crowd)):
            customer = as_allowed(crowd.customer(place), channel=channel, catalog=compiled.catalog)
            values = values_of(customer.features, {}, now=NOON, policy=policy) | ports.foreseen(customer)
            assert flags[place] == condition.holds(values)


def test_a_bundle_is_offered_to_nobody_of_whom_the_value_of_a_part_that_is_shown_elsewhere_is_not_known():
    tea = an_action("tea", value_formula="income - 20", treatments=(Treatment("t0", "web"),))
    pack = an_action("pack", bundle=("tea",), treatments=(Treatment("t0", "email"),))
    channels = {"web": Channel("web"), "email": Channel("email", outbound=True)}
    mail = Placement("mail", "email", limit=1)
    compiled = compile_catalog(a_catalog(tea, pack, channels=channels, placements={"mail": mail}))
    incomes = np.array([30.0, np.nan, 19.0, 20.0])
    crowd = Crowd(["a", "b", "c", "d"], NOON, {"age": np.full(4, 40.0), "income": incomes})
    block = Sides(LinearScorer("linear", 97)).weighed(crowd, compiled, mail)
    assert np.isfinite(block.priority[:, 0]).tolist() == [True, False, False, True]
    ports = Ports(compiled, Known(crowd), LinearScorer("linear", 97), None)
    alone = [propose(request_of("run", each, placement="mail", prices={}), ports=ports, now=NOON) for each in crowd.ids]
    assert ["pack" in each.eligible for each in alone] == [True, False, False, True]


class Failing(LinearScorer):
    """A scorer that fails."""

    def score_matrix(self, customers, candidates):
        raise ArtifactError("failed")


def test_a_challenger_that_fails_decides_for_nobody():
    card = an_action("card", treatments=(Treatment("t0", "email"),))
    mail, email = Placement("mail", "email", limit=1), Channel("email", outbound=True, consent="opt_out")
    compiled = compile_catalog(a_catalog(card, channels={"email": email}, placements={"mail": mail}))
    crowd, champion = a_crowd(np.random.default_rng(5)), LinearScorer("linear", 97)
    sides = Sides(champion, Rollout(Failing("failing", 97), 0.5))
    block, alone = (each.weighed(crowd, compiled, mail) for each in (sides, Sides(champion)))
    assert set(block.bundles) == {"linear"}
    assert np.isfinite(alone.priority).any()
    assert np.array_equal(block.priority, alone.priority, equal_nan=True)
