"""A batch decides for each customer as a single decision does: same customer, seed and prices, same decision."""

from dataclasses import replace
from datetime import time, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import NOON, a_catalog, a_request, an_action
from decisioning.action import Treatment
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
from decisioning.condition_array import Words
from decisioning.customer import Answer, ConsentState, Contact, ContactHistory, CustomerReference, StandingHold
from decisioning.decide import consider, epsilon_of
from decisioning.eligibility import compile_catalog
from decisioning.exclusive import Exclusive
from decisioning.outbound.block import weighed
from decisioning.outbound.choice import NOBODY, Chances, Terms, draw, uniforms
from decisioning.outbound.crowd import Crowd
from decisioning.pool import Pool
from decisioning.ports import Scores
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
    """Scores from two features; one customer or many alike."""

    version = "linear"

    def score(self, features, candidates):
        row = np.array([[np.nan if features.get(n) is None else features[n] for n in ("age", "income")]])
        found = self.score_matrix(row, candidates)
        return Scores(found.propensity[0], found.uplift[0])

    def encode(self, features, *, n_rows):
        return np.stack([np.asarray(features[n], dtype=float) for n in ("age", "income")], axis=1)

    def score_matrix(self, customers, candidates):
        size = np.array([len(each.action.name) + each.treatment.cost for each in candidates])
        known = np.nan_to_num(customers, nan=7.0)
        propensity = (known[:, :1] * 3 + known[:, 1:] * size) % 97 / 97
        uplift = np.where(size % 2 == 0, propensity - 0.3, np.nan)
        return Scores(propensity, uplift)

    def foresee(self, features):
        age = features.get("age")
        return {"churn": 0.0 if age is None else age % 10 / 10}

    def foresee_many(self, features, *, n_rows):
        return {"churn": np.nan_to_num(np.asarray(features["age"], dtype=float)) % 10 / 10}

    def explain(self, features, candidate):
        return ()


def worlds():
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def a_world(random):
    pick = lambda options: options[random.integers(len(options))]  # noqa: E731 (a word for it, nothing more)
    actions = [
        an_action(
            name,
            group=pick(("cards", "loans")),
            issue=pick(("grow", "care")),
            purpose=pick(("marketing", "service")),
            eligibility=pick(CONDITIONS),
            suitability=pick(CONDITIONS),
            lever=pick((1.0, 2.0)),
            transactional=pick((False, False, True)),
            mandatory=pick((False,) * 9 + (True,)),
            value=float(random.integers(1, 90)),
            value_formula=pick(("", "", "income - 20", "age / (income - income)")),
            treatments=tuple(
                Treatment(f"t{k}", "email", cost=float(pick((0.0, 0.5, 1.5)))) for k in range(pick((1, 2)))
            ),
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
        time_zone_feature="zone",
        exclusive=(Exclusive("one of a kind", ("card", "tea"), timedelta(days=4)),),
    )
    return a_catalog(
        *actions,
        channels={
            "email": Channel(
                "email", outbound=True, consent="opt_in", capacity=Pool("capacity", "email", 20, "day", channel="email")
            )
        },
        placements={
            "mail": Placement("mail", "email", limit=1, must_fill=bool(random.integers(2)), fallback=pick(("", "tea")))
        },
        purposes={"service": False, "profiling": pick((True, False))},
        contact_policy=policy,
        arbitration=pick(("incremental_value", "propensity_value", "value", "custom")),
        priority_formula="propensity * value * lever * context_weight + age / 10 - cost",
        arbitration_by_issue=pick(({}, {"care": "value"})),
        exploration=Exploration(epsilon=float(pick((0.0, 0.1, 0.6)))),
        holdout=HoldoutArms(
            "salt", {"hold_out": 0.1, "random_eligible": 0.1, "no_levers": 0.2, "eligibility_only": 0.2}
        ),
        context_weights=(ContextWeight("care", "age > 40", 3.0),),
        budgets={"spring": Pool("budget", "spring", 5.0, actions=("card", "fund"))},
        tests=_some_tests(actions, pick),
    )


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
            contacts = [Contact("card", "cards", "email", day)] * int(random.integers(1, 3))
            histories[place] = ContactHistory(contacts, [Answer("loan", "loans", "reject", day)])
        if random.random() < 0.1:
            holds[place] = (StandingHold("sales", ("care",)),)
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
        purposes={"profiling": ("segment", "income")},
        used={"budget:spring": 4_000_000, "capacity:email": 3},
    )


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_a_batch_decides_as_single_decisions_do(random):
    compiled, crowd, scorer = compile_catalog(a_world(random)), a_crowd(random), LinearScorer()
    catalog, placement = compiled.catalog, compiled.catalog.placements["mail"]
    block = weighed(crowd, compiled, placement, scorer)
    terms = Terms.of(block.slate, tuple(compiled.pools.values()), crowd.used)
    prices = {pool.key: price for pool, price in zip(terms.pools, random.random(len(terms.pools)) * 20, strict=True)}
    rates = np.array([epsilon_of(arm, placement, catalog, version="linear") for arm in block.arms])
    chances = Chances(uniforms("run", crowd.ids, catalog.holdout.salt), rates, placement.must_fill)
    drawn = draw(block.priority, block.slate, chances, terms.charges(np.array(list(prices.values()))))
    for place, customer_id in enumerate(crowd.ids):
        request = a_request(
            request_id=f"run:{customer_id}",
            customer=CustomerReference("customer_id", customer_id),
            placement="mail",
            channel="",
            limit=1,
            prices=prices,
        )
        single = consider(request, crowd.customer(place), catalog=compiled, scorer=scorer)
        chosen = drawn.chosen[place]
        assert block.arms[place] == single.arm
        assert drawn.probability[place] == single.eligible[single.chosen]
        if chosen == NOBODY:
            assert single.chosen == "no_action"
        else:
            (item,) = single.ranked
            candidate = block.slate.candidates[chosen]
            assert (candidate.action.name, candidate.treatment.name) == (item.action, item.treatment)
            assert drawn.priority[place] == pytest.approx(item.priority, rel=1e-12, abs=1e-12)
            assert block.propensity[place, chosen] == item.propensity
    stopped = [each.stage for place in range(len(crowd)) for each in _exclusions(crowd, place, compiled, scorer)]
    assert block.stopped == {stage: stopped.count(stage) for stage in set(stopped)}


def _exclusions(crowd, place, compiled, scorer):
    request = replace(a_request(placement="mail", channel=""), limit=1)
    return consider(request, crowd.customer(place), catalog=compiled, scorer=scorer).exclusions
