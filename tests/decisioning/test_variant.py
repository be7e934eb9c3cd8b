"""Tests of variants: who is in which never changes, and nobody is shown another one."""

from dataclasses import replace

import numpy as np
import pytest
from as_logged import as_logged
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from builders import NOON, FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.action import Treatment
from decisioning.catalog import Exploration, HoldoutArms, Placement
from decisioning.catalog_file import read_catalog
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.errors import CatalogError
from decisioning.holdout import arm_of
from decisioning.replay import differences, replayed
from decisioning.variant import VariantTest, variants_of

PICTURES = tuple(Treatment(name, "web") for name in ("photo", "plain"))
OFFERS = (an_action("tea", treatments=PICTURES), an_action("five", value=50.0), an_action("ten", value=90.0))
PICTURE = VariantTest("picture", {"photo": 0.5, "plain": 0.5}, action="tea")
DISCOUNT = VariantTest("discount", {"five": 0.4, "ten": 0.4})
SCORER = FixedScorer(dict.fromkeys(("tea", "five", "ten"), (0.2, 0.1)))
CUSTOMERS = [f"c_{place}" for place in range(400)]


def a_tested(*tests, **changes):
    slots = {"home": Placement("home", "web", limit=3)}
    named = {test.name: test for test in tests}
    return compile_catalog(a_catalog(*OFFERS, placements=slots, tests=named, **changes))


def decided(compiled, customer_id="c_1"):
    request = a_request(request_id=f"r-{customer_id}", placement="home", channel="")
    return consider(request, a_customer(customer_id=customer_id), catalog=compiled, scorer=SCORER)


@given(st.lists(st.sampled_from(["five", "ten"]), min_size=2, max_size=2, unique=True), st.text(min_size=1))
def test_who_is_in_which_depends_on_neither_the_order_of_variants_nor_anything_but_customer_and_salt(order, customer):
    shuffled = replace(DISCOUNT, shares=dict.fromkeys(order, 0.4))
    assert shuffled.variant_of(customer) == DISCOUNT.variant_of(customer)
    assert replace(DISCOUNT, name="x", salt="discount").variant_of(customer) == DISCOUNT.variant_of(customer)


def test_shares_are_kept_and_tests_and_arms_are_independent():
    arms, tests = HoldoutArms("picture", {"hold_out": 0.5}), {"picture": PICTURE, "discount": DISCOUNT}
    found = [variants_of(f"c_{place}", tests) for place in range(20_000)]
    counts = np.unique([each.get("discount", "") for each in found], return_counts=True)[1]
    assert chisquare(counts, 20_000 * np.array([0.2, 0.4, 0.4])).pvalue > 1e-4
    pairs = [(one["picture"], arm_of(f"c_{place}", arms)) for place, one in enumerate(found)]
    counts = np.unique([f"{one}{other}" for one, other in pairs], return_counts=True)[1]
    assert chisquare(counts).pvalue > 1e-4


def test_nobody_is_shown_another_variant_and_each_decision_says_which_theirs_is():
    compiled = a_tested(PICTURE, DISCOUNT, exploration=Exploration(1.0, 1.0))
    for customer_id in CUSTOMERS:
        decision = decided(compiled, customer_id)
        own = variants_of(customer_id, compiled.catalog.tests)
        assert decision.variants == own
        assert all(item.treatment == own["picture"] for item in decision.ranked if item.action == "tea")
        others = {"five", "ten"} - {own["discount"]} if "discount" in own else set()
        stops = {each.action: (each.stage, each.reason) for each in decision.exclusions}
        assert stops == dict.fromkeys(others, ("test", f"discount: {own.get('discount')}"))
        assert not others & set(decision.eligible)


def test_who_is_in_no_variant_is_decided_for_as_without_the_test():
    plain, compiled = a_tested(), a_tested(DISCOUNT)
    outside = [each for each in CUSTOMERS if not DISCOUNT.variant_of(each)]
    assert outside
    for customer_id in outside:
        tested, untested = decided(compiled, customer_id), decided(plain, customer_id)
        assert (tested.eligible, tested.ranked, tested.variants) == (untested.eligible, untested.ranked, {})


def test_a_decision_under_a_test_is_recorded_and_made_again_to_the_bit():
    compiled = a_tested(PICTURE, DISCOUNT)
    decision = decided(compiled)
    logged = as_logged(decision)
    assert logged == decision
    assert differences(logged, replayed(logged, catalog=compiled, scorer=SCORER)) == ()


def test_an_action_of_which_a_placement_shows_only_other_variants_is_stopped_there_by_the_test():
    slots = {"home": Placement("home", "web"), "cart": Placement("cart", "web")}
    only_cart = replace(PICTURES[0], placements=frozenset({"cart"}))
    tea = an_action("tea", treatments=(only_cart, PICTURES[1]))
    compiled = compile_catalog(a_catalog(tea, placements=slots, tests={"picture": PICTURE}))
    in_photo = next(each for each in CUSTOMERS if PICTURE.variant_of(each) == "photo")
    (stop,) = decided(compiled, in_photo).exclusions
    assert (stop.stage, stop.reason) == ("test", "picture: photo")


def test_a_bundle_is_not_closed_by_the_variants_of_a_part():
    pack = an_action("pack", bundle=("five", "tea"))
    slots = {"home": Placement("home", "web")}
    compiled = compile_catalog(a_catalog(*OFFERS, pack, placements=slots, tests={"discount": DISCOUNT}))
    in_ten = next(each for each in CUSTOMERS if DISCOUNT.variant_of(each) == "ten")
    scorer = FixedScorer(dict.fromkeys(("tea", "five", "ten", "pack"), (0.2, 0.1)))
    request = a_request(placement="home", channel="")
    decision = consider(request, a_customer(customer_id=in_ten), catalog=compiled, scorer=scorer)
    assert {each.action: each.stage for each in decision.exclusions} == {"five": "test"}
    assert "pack" in decision.eligible


YAML = """
currency: EUR
channels: {web: {}}
placements: {home: {channel: web}}
actions:
  tea: {issue: grow, group: g, value: 1, treatments: {photo: {channel: web}, plain: {channel: web}}}
  five: {issue: grow, group: g, value: 1, treatments: {banner: {channel: web}}}
  ten: {issue: grow, group: g, value: 1, treatments: {banner: {channel: web}}}
tests:
"""


def test_a_catalogue_is_read_with_its_tests_and_they_are_part_of_its_version():
    catalog = read_catalog(YAML + "  picture: {action: tea, shares: {photo: 0.5, plain: 0.5}}")
    assert catalog.tests == {"picture": PICTURE}
    other = read_catalog(YAML + "  picture: {action: tea, shares: {photo: 0.4, plain: 0.5}}")
    assert other.version != catalog.version
    assert compile_catalog(other).policy_version != compile_catalog(catalog).policy_version


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  a: {action: coffee, shares: {photo: 0.5, plain: 0.5}}", "unknown action 'coffee'"),
        ("  a: {action: tea, shares: {photo: 0.5, sketch: 0.5}}", "unknown treatment of tea 'sketch'"),
        ("  a: {shares: {five: 0.5, twenty: 0.5}}", "unknown action 'twenty'"),
        ("  a: {shares: {five: 0.6, ten: 0.6}}", "add up to 1.2"),
        ("  a: {shares: {five: 0.5}}", "tests.a.shares"),
        (
            "  a: {shares: {five: 0.5, ten: 0.5}}\n  b: {shares: {five: 0.5, tea: 0.5}}",
            "is a variant of the test a already",
        ),
    ],
)
def test_a_test_that_fits_nothing_is_refused_with_its_place(text, said):
    with pytest.raises(CatalogError) as raised:
        read_catalog(YAML + text)
    assert said in str(raised.value)
    assert ": tests.a" in str(raised.value) or ": tests.b" in str(raised.value)


def test_the_moment_of_a_decision_changes_nobodys_variant():
    compiled = a_tested(PICTURE)
    later = consider(
        a_request(request_id="later", placement="home", channel=""),
        a_customer(customer_id="c_1", as_of=NOON.replace(year=NOON.year + 1)),
        catalog=compiled,
        scorer=SCORER,
    )
    assert later.variants == decided(compiled).variants
