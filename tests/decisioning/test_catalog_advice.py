"""What nobody can have meant is found, and a catalogue that is sound gets no advice."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from builders import NOON, a_catalog, an_action
from decisioning.action import Treatment
from decisioning.catalog import Cap, Channel, ContactPolicy, ContextWeight, Exploration, Hold, Placement, QuietHours
from decisioning.catalog_advice import advise
from decisioning.catalog_problem import dotted
from decisioning.pool import Pool
from decisioning.trigger import Trigger
from decisioning.variant import VariantTest

WORDS = {"tier": ("gold", "tin")}
HOME = {"home": Placement("home", "web"), "mail": Placement("mail", "email")}
CHANNELS = {name: Channel(name) for name in ("web", "email", "fax")}
DAY = timedelta(days=1)
ALL_DAY = tuple(QuietHours(time(starts), time(ends), ("email",)) for starts, ends in ((0, 12), (10, 20), (20, 0)))
MAILED = (Treatment("banner", "web"), Treatment("letter", "email"))


DEAR = an_action(treatments=(*MAILED, Treatment("gift", "email", cost=4.0)))


def advised(*actions, **changes):
    catalog = a_catalog(*(actions or (an_action(treatments=MAILED),)), **changes)
    return {dotted(each.path): each.text for each in advise(catalog, WORDS, now=NOON)}


def test_a_sound_catalogue_gets_no_advice():
    assert advised() == {}


@pytest.mark.parametrize(
    "condition", ["context.intent = 'leave'", "context.intent NOT IN ('a', 'b')", "context.n IS NOT NULL"]
)
def test_whoever_asks_may_tell_of_the_moment_what_they_like(condition):
    card = an_action(treatments=MAILED, applicability=f"{condition} AND context.n = 'x'")
    assert advised(card, context_weights=(ContextWeight("grow", condition, 2.0),)) == {}
    assert "actions.card.suitability" in advised(replace(card, suitability="context.n = 'x' AND context.n = 'y'"))


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ({"eligibility": "age < 3 AND age > 8"}, "actions.card.eligibility"),
        ({"eligibility": "tier = 'silver'"}, "actions.card.eligibility"),
        ({"eligibility": "1 = 2"}, "actions.card.eligibility"),
        ({"starting_propensity": 0.0}, "actions.card.starting.propensity"),
        ({"eligibility": "age >= 18", "suitability": "age < 18"}, "actions.card"),
        ({"valid_until": NOON}, "actions.card.valid_until"),
        ({"value": 0.0}, "actions.card.value"),
        (
            {"treatments": (*MAILED, Treatment("tile", "web", placements=frozenset({"cart"})))},
            "actions.card.treatments.tile",
        ),
    ],
)
def test_an_action_that_nobody_is_ever_offered_is_found(action, field):
    assert set(advised(an_action(**{"treatments": MAILED, **action}))) == {field}


@pytest.mark.parametrize("worth", [{"value": 0.0}, {"starting_propensity": 0.0}])
def test_what_is_shown_whatever_its_priority_needs_none(worth):
    free = an_action("notice", treatments=MAILED, **worth)
    filled = {name: replace(each, must_fill=True, fallback="notice") for name, each in HOME.items()}
    assert advised(replace(free, mandatory=True)) == {}
    assert advised(free, an_action(treatments=MAILED), placements=filled) == {}
    filled = {name: replace(each, must_fill=False) for name, each in filled.items()}
    assert len(advised(free, placements=filled)) == 1


@pytest.mark.parametrize("worth", [{"value": 0.0}, {"starting_propensity": 0.0}])
def test_what_a_placement_that_must_be_filled_can_show_needs_no_worth(worth):
    filled = {**HOME, "home": replace(HOME["home"], must_fill=True, fallback="card")}
    card = an_action(treatments=MAILED)
    assert advised(card, an_action("notice", treatments=MAILED, **worth), placements=filled) == {}
    assert len(advised(card, an_action("notice", treatments=MAILED[1:], **worth), placements=filled)) == 1


@pytest.mark.parametrize(
    ("mode", "fields"),
    [
        ("incremental_value", {"value", "starting.propensity"}),
        ("propensity_value", {"value", "starting.propensity"}),
        ("value", {"value"}),
        ("custom", set()),
    ],
)
def test_what_is_0_is_told_where_the_mode_of_the_issue_makes_priorities_of_it(mode, fields):
    nothing = an_action(treatments=MAILED, value=0.0, starting_propensity=0.0)
    told = {f"actions.card.{field}" for field in fields}
    assert set(advised(nothing, arbitration=mode, priority_formula="1")) == told
    by_issue = {"arbitration_by_issue": {"grow": mode}, "priority_formula": "1"}
    for other in ("value", "custom", "incremental_value"):
        assert set(advised(nothing, arbitration=other, **by_issue)) == told


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"placements": {**HOME, "fax": Placement("fax", "fax")}, "channels": CHANNELS}, "placements.fax"),
        ({"placements": {**HOME, "home": Placement("home", "web", must_fill=True)}}, "placements.home"),
        ({"placements": {"home": HOME["home"]}}, "channels.email"),
        ({"contact_policy": ContactPolicy(caps=(Cap("customer", 0, DAY),))}, "contact_policy.caps[0].at_most"),
        ({"contact_policy": ContactPolicy(holds=(Hold("x", "tier = 'silver'"),))}, "contact_policy.holds[0].condition"),
        ({"contact_policy": ContactPolicy(holds=(Hold("x", "TRUE"),))}, "contact_policy.holds[0].condition"),
        (
            {"contact_policy": ContactPolicy(holds=(Hold("x", "age < 9 OR age >= 9", ("grow",)),))},
            "contact_policy.holds[0].condition",
        ),
        ({"contact_policy": ContactPolicy(quiet_hours=ALL_DAY)}, "contact_policy.quiet_hours"),
        (
            {"contact_policy": ContactPolicy(quiet_hours=(QuietHours(time(8), time(8)),))},
            "contact_policy.quiet_hours[0]",
        ),
        ({"context_weights": (ContextWeight("grow", "context.n > 3 AND 2 < 1", 2.0),)}, "context_weights[0].condition"),
        ({"triggers": {"x": Trigger("x", "mail", "Seen", condition="age > 1 AND age < 1")}}, "triggers.x.condition"),
        ({"triggers": {"x": Trigger("x", "mail", "Seen", condition="context.n = 'a'")}}, "triggers.x.condition"),
        (
            {"budgets": {"spring": Pool("budget", "spring", 3.0, actions=("card",))}, "actions": {"card": DEAR}},
            "budgets.spring.amount",
        ),
        ({"exploration": Exploration(epsilon=0.0)}, "exploration.epsilon"),
        ({"tests": {"how": VariantTest("how", {"banner": 0.5, "letter": 0.5}, action="card")}}, "tests.how.shares"),
        (
            {"tests": {"how": VariantTest("how", {"banner": 0.5, "letter": 0}, action="card")}},
            "tests.how.shares.letter",
        ),
    ],
)
def test_what_can_never_happen_is_found(changes, field):
    assert field in advised(**changes)


def test_quiet_hours_that_leave_a_time_of_day_get_no_advice():
    assert advised(contact_policy=ContactPolicy(quiet_hours=ALL_DAY[:2])) == {}
    assert advised(contact_policy=ContactPolicy(holds=(Hold("x", "age < 9"),))) == {}


def test_a_fallback_that_cannot_fall_back_is_found():
    with_fallback = {**HOME, "home": Placement("home", "web", must_fill=True, fallback="card")}
    assert advised(an_action(treatments=MAILED), placements=with_fallback) == {}
    conditional = advised(an_action(treatments=MAILED, suitability="age > 3"), placements=with_fallback)
    assert set(conditional) == {"placements.home.fallback"}
    elsewhere = advised(an_action(treatments=MAILED[1:]), an_action("loan"), placements=with_fallback)
    assert "placements.home.fallback" in elsewhere
