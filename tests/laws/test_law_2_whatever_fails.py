"""Row 49 of the reliability list, and law 2 over many customers: whatever fails, nothing that is excluded is offered.

Catalogues come from hypothesis, the customers of each and what fails for them from a seeded generator; what may be
offered is said by the plain reading of the rules, and once more, for consent, by a reading of its own.
"""

import math
import os
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_law_4_decisions_equal_a_plain_reading import GROUPS, NAMES, Reading, cases

from builders import NOON, a_customer, a_request
from decisioning.action import NO_ACTION
from decisioning.customer import Answer, ConsentState, Contact, ContactHistory
from decisioning.decide import consider
from decisioning.eligibility import UNREADABLE, UNRECORDED, compile_catalog
from decisioning.errors import UnavailableError
from decisioning.ports import Scores

MANY = int(os.environ.get("TSUGI_RANDOM_DECISIONS", "100000"))
CATALOGS = [20, pytest.param(500, marks=pytest.mark.reliability)]
"""How many; each with 50 customers, or with its share of 100,000."""
SAID = [None] * 5 + [True] * 4 + [False]


class Fails:
    """A model that does not answer."""

    version = "fails"

    def score(self, features, candidates):
        raise UnavailableError("the model does not answer")


class Odd:
    """A model whose every score is nonsense."""

    version = "odd"

    def __init__(self, said):
        self.said = said

    def score(self, features, candidates):
        return Scores(np.full(len(candidates), self.said), np.full(len(candidates), self.said))

    def explain(self, features, candidate):
        return ()


def a_profile(rng):
    """A customer of whom anything may be known or unknown, readable or not."""
    said = {(purpose, on): rng.choice(SAID) for purpose in ("marketing", "service") for on in ("web", "")}
    return a_customer(
        customer_id=f"c_{rng.randrange(10**9)}",
        features={
            "age": rng.choice([None, 10.0, 25.0, 40.0, 80.0]),
            "tier": rng.choice([None, "gold", "tin"]),
            "zone": rng.choice([None, "Asia/Tokyo", "Mars/Base"]),
        },
        consent=ConsentState({at: answer for at, answer in said.items() if answer is not None}),
        history=ContactHistory(
            contacts=[
                Contact(rng.choice(NAMES), rng.choice(GROUPS), rng.choice(["web", "email"]), ago(rng))
                for _ in range(rng.randrange(3))
            ],
            answers=[
                Answer(rng.choice(NAMES), rng.choice(GROUPS), "reject", ago(rng)) for _ in range(rng.randrange(2))
            ],
        ),
        degraded=rng.choice([()] * 8 + [(UNREADABLE,), (UNRECORDED,), ("online_store",), (UNRECORDED, UNREADABLE)]),
    )


def ago(rng):
    return NOON - timedelta(hours=rng.randrange(900))


def a_scorer(scorer, rng):
    return rng.choice([scorer] * 6 + [Fails(), Odd(math.nan), Odd(math.inf), Odd(-1.0), Odd(2.0)])


def breaches(catalog, customer, shown):
    """The actions shown although the customer did not agree to their purpose on the web."""
    rule = catalog.channels["web"].consent
    said = {name: [customer.consent.answers.get((catalog.actions[name].purpose, on)) for on in ("web", "")]
            for name in shown}  # fmt: skip
    return [name for name, each in said.items() if False in each or (rule == "opt_in" and True not in each)]


def wrong(case, decision):
    """Everything shown that the rules exclude, by what excludes it."""
    catalog, _, customer, _ = case
    shown = [item.action for item in decision.ranked]
    reading = Reading(*case)
    found = [("rule", name) for name in shown if reading.stop(catalog.actions[name]) is not None]
    found += [("consent", name) for name in breaches(catalog, customer, shown)]
    found += [("unreadable", name) for name in shown if UNREADABLE in customer.degraded]
    found += [("uncounted", name) for name in shown if UNRECORDED in customer.degraded and is_counted(catalog, name)]
    found += [("stopped", each.action) for each in decision.exclusions if each.action in shown]
    found += [] if decision.chosen == (shown[0] if shown else NO_ACTION) else [("chosen", decision.chosen)]
    return found


def is_counted(catalog, name):
    """Whether any cap counts contacts with an action."""
    action = catalog.actions[name]
    mine = {"action": name, "group": action.group, "channel": "web", "customer": ""}
    return any(cap.only in ("", mine[cap.scope]) for cap in catalog.contact_policy.caps)


def looked_at(n_catalogs, a_case):
    """How often something was shown, nothing was, and what was wrong, over many customers of each of n catalogues."""
    each = 50 if n_catalogs < 100 else -(-MANY // n_catalogs)
    told, seen = [], Counter()

    @given(a_case, st.integers(0, 2**32))
    @settings(max_examples=n_catalogs, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def look(case, seed):
        catalog, scorer, _, _ = case
        rng = Random(seed)  # noqa: S311 - seeded, nothing secret
        web = replace(catalog.channels["web"], consent=rng.choice(["opt_in", "opt_out", "opt_out"]))
        catalog = replace(catalog, channels={**catalog.channels, "web": web})
        compiled = compile_catalog(catalog)
        for place in range(each):
            customer, model = a_profile(rng), a_scorer(scorer, rng)
            request = a_request(request_id=f"r-{seed}-{place}", context={"intent": "buy"})
            decision = consider(request, customer, catalog=compiled, scorer=model)
            seen["shown" if decision.ranked else "nothing"] += 1
            told.extend(wrong((catalog, scorer, customer, request), decision))

    look()
    return seen, told


@st.composite
def blocked(draw):
    """A case of which every action is stopped by some rule, whoever asks; a placement that must be filled as well."""
    catalog, scorer, customer, request = draw(cases())
    rules = [{"eligibility": "missing > 1"}, {"suitability": "age IS NULL AND age > 3"}, {"valid_until": NOON}]
    actions = {name: replace(action, **draw(st.sampled_from(rules))) for name, action in catalog.actions.items()}
    arms = replace(catalog.holdout, shares={})
    return replace(catalog, actions=actions, holdout=arms), scorer, customer, request


@pytest.mark.parametrize("n", CATALOGS)
def test_no_excluded_action_is_offered_and_no_consent_is_breached_whatever_fails(n):
    seen, told = looked_at(n, cases())
    print(f"{seen.total():,} decisions: {seen['shown']:,} with an offer, {len(told)} wrong offers")
    assert told == []
    assert seen["shown"] > seen.total() / 100
    assert seen.total() >= (MANY if n > 100 else 1_000)


@pytest.mark.parametrize("n", CATALOGS)
def test_where_every_rule_blocks_nothing_is_offered_and_the_answer_says_so(n):
    seen, told = looked_at(n, blocked())
    print(f"{seen.total():,} decisions without an eligible action: {seen['shown']} offers, {len(told)} wrong")
    assert (told, seen["shown"]) == ([], 0)
    assert seen.total() >= (MANY if n > 100 else 1_000)
