"""Bundles: offered where each part might be, never beside a part, with amounts of their own or summed."""

from datetime import timedelta
from itertools import combinations

import pytest
from as_logged import as_logged
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.action import Treatment
from decisioning.catalog import Cap, ContactPolicy, Exploration, HoldoutArms, Placement
from decisioning.catalog_file import read_catalog
from decisioning.customer import ConsentState, Contact, ContactHistory, StandingHold
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.errors import CatalogError
from decisioning.exclusive import Exclusive
from decisioning.replay import differences, replayed

SCORER = FixedScorer(dict.fromkeys(("card", "loan", "fund", "pack", "duo"), (0.1, 0.1)))
MAILED = (Treatment("letter", "email"),)


def decided(*actions, epsilon=0.0, request=None, customer=None, catalog=None, **features):
    home = {"home": Placement("home", "web", must_fill=True, limit=5)}
    told = {"placements": home, "exploration": Exploration(epsilon, epsilon), **(catalog or {})}
    compiled = compile_catalog(a_catalog(*actions, **told))
    who = customer or a_customer(features=features)
    found = consider(request or a_request(), who, catalog=compiled, scorer=SCORER)
    logged = as_logged(found)
    assert differences(logged, replayed(logged, catalog=compiled, scorer=SCORER)) == ()
    return found


def a_pack(name="pack", **changes):
    return an_action(name, **{"bundle": ("card", "loan"), "value": 90.0, **changes})


@pytest.mark.parametrize("treatments", [(Treatment("banner", "web"),), MAILED])
@pytest.mark.parametrize(("age", "stopped"), [(40.0, False), (7.0, True), (None, True)])
def test_a_bundle_is_offered_where_each_part_might_be_wherever_that_is_shown(treatments, age, stopped):
    loan = an_action("loan", eligibility="age >= 18", treatments=treatments)
    found = decided(a_pack(), an_action("card"), loan, age=age)
    told = {each.action: (each.stage, each.reason) for each in found.exclusions}
    assert ("pack" in told) is stopped
    assert told.get("pack", ("bundle", "loan: eligibility")) == ("bundle", "loan: eligibility")


ONE_LOAN = ContactPolicy(exclusive=(Exclusive("one", ("fund", "loan"), timedelta(days=30)),))
FUNDED = ContactHistory([Contact("fund", "funds", "web", NOON - timedelta(days=1))])
WITHOUT_RESEARCH = ConsentState({("research", ""): False})


@pytest.mark.parametrize("treatments", [(Treatment("banner", "web"),), MAILED])
@pytest.mark.parametrize(
    ("stage", "loan", "changes"),
    [
        ("validity", {"valid_until": NOON}, {}),
        ("applicability", {"applicability": "age < 40"}, {}),
        ("value", {"value_formula": "income / 100"}, {}),
        ("consent", {"purpose": "research"}, {"customer": a_customer(consent=WITHOUT_RESEARCH)}),
        ("hold", {"issue": "borrow"}, {"customer": a_customer(holds=(StandingHold("desk", ("borrow",)),))}),
        ("exclusive", {}, {"customer": a_customer(history=FUNDED), "catalog": {"contact_policy": ONE_LOAN}}),
        ("elsewhere", {}, {"request": a_request(taken=("fund",)), "catalog": {"contact_policy": ONE_LOAN}}),
    ],
)
def test_what_stops_a_part_stops_the_bundle_and_nothing_else_wherever_the_part_is_shown(
    treatments, stage, loan, changes
):
    parts = [an_action("card"), an_action("loan", **{"treatments": treatments, **loan})]
    spared = a_pack(name="duo", bundle=("card", "fund"))
    found = decided(a_pack(), spared, *parts, an_action("fund"), **{"age": 40.0, **changes})
    told = {each.action: (each.stage, each.reason) for each in found.exclusions}
    assert told["pack"] == ("bundle", f"loan: {stage}")
    assert told["loan"][0] == (stage if treatments is not MAILED else "placement")
    assert set(told) - {"pack", "loan"} == ({"fund", "duo"} if stage == "elsewhere" else set())


def test_in_the_arm_that_skips_them_a_part_is_not_asked_whether_it_makes_sense_either():
    only = {"holdout": HoldoutArms("s", {"eligibility_only": 1.0})}
    for treatments in ((Treatment("banner", "web"),), MAILED):
        loan = an_action("loan", applicability="age > 99", treatments=treatments)
        found = decided(a_pack(), an_action("card"), loan, catalog=only, age=40.0)
        assert "pack" not in {each.action for each in found.exclusions}


def test_a_part_that_is_not_shown_here_takes_of_no_cap():
    history = ContactHistory([Contact("loan", "loans", "email", NOON - timedelta(days=1))])
    capped = {"contact_policy": ContactPolicy(caps=(Cap("action", 1, timedelta(days=7), only="loan"),))}
    for treatments, stopped in (((Treatment("banner", "web"),), {"loan", "pack"}), (MAILED, {"loan"})):
        parts = [an_action("card"), an_action("loan", treatments=treatments)]
        found = decided(a_pack(), *parts, customer=a_customer(history=history), catalog=capped)
        assert {each.action for each in found.exclusions} == stopped


@given(st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 10**6))
def test_no_list_holds_a_bundle_and_what_it_is_made_of_nor_two_that_share_a_part(epsilon, place):
    actions = [a_pack(), a_pack(name="duo", bundle=("loan", "fund")), *map(an_action, ("card", "loan", "fund"))]
    found = decided(*actions, epsilon=epsilon, request=a_request(request_id=f"r-{place}"))
    made_of = {"pack": {"card", "loan"}, "duo": {"loan", "fund"}}
    for one, other in combinations([each.action for each in found.ranked], 2):
        assert not made_of.get(one, {one}) & made_of.get(other, {other})


TEXT = """\
currency: EUR
channels: {{web: {{}}, email: {{}}}}
placements: {{home: {{channel: web}}}}
actions:
  pack: {{issue: grow, group: packs, value: 5, bundle: {bundle}, treatments: {{banner: {{channel: web, cost: 0.5}}}}}}
  card: {{issue: grow, group: cards, value: 10, treatments: {{a: {{channel: web, cost: 3}}, b: {{channel: web, cost: 1}}}}}}
  loan: {{issue: grow, group: loans, value: 20, value_formula: income / 100, treatments: {{a: {{channel: web, cost: 2}}}}}}
  duo: {{issue: grow, group: packs, value: 5, bundle: {{parts: [card, loan]}}, treatments: {{banner: {{channel: web}}}}}}
"""  # noqa: E501 - a catalogue reads best on one line


def pack(bundle):
    return read_catalog(TEXT.format(bundle=bundle)).actions["pack"]


def test_amounts_are_its_own_or_those_of_its_parts_together_formulas_included():
    own = pack("{parts: [card, loan]}")
    assert (own.value, own.value_formula, own.treatments[0].cost, own.bundle) == (5.0, "", 0.5, ("card", "loan"))
    both = pack("{parts: [card, loan], sum: [value, cost]}")
    assert (both.value, both.value_formula) == (30.0, "10.0 + (income / 100)")
    assert (both.treatments[0].cost, both.treatments[0].cost_formula) == (3.0, "")


@pytest.mark.parametrize(
    ("bundle", "told"),
    [
        ("{parts: [card]}", "bundle.parts"),
        ("{parts: [card, card]}", "bundle.parts: names an action twice"),
        ("{parts: [card, lone]}", "bundle.parts: unknown action 'lone'"),
        ("{parts: [card, duo]}", "bundle.parts: duo is a bundle"),
        ("{parts: [card, loan], sum: [luck]}", "bundle.sum"),
    ],
)
def test_what_cannot_be_bundled_is_refused_with_its_field(bundle, told):
    with pytest.raises(CatalogError, match=told):
        pack(bundle)


def test_a_bundle_whose_part_has_no_known_value_is_not_offered():
    priced = an_action("loan", value_formula="income / 100")
    found = decided(a_pack(value_formula="50 + income / 100"), an_action("card"), priced)
    assert {each.action: each.stage for each in found.exclusions} == {"loan": "value", "pack": "value"}
