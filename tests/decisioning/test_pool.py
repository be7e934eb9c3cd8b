"""Budgets, inventories and capacities: what all customers draw from together."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.action import Treatment
from decisioning.catalog import Cap, Channel, ContactPolicy
from decisioning.catalog_advice import advise
from decisioning.catalog_diff import changes
from decisioning.catalog_file import read_catalog
from decisioning.decide import consider
from decisioning.decision import Exclusion
from decisioning.eligibility import UNRECORDED, compile_catalog
from decisioning.errors import CatalogError
from decisioning.pool import Draw, Pool, Stock, draws_of, in_units
from decisioning.replay import differences, replayed

SPRING = Pool("budget", "spring", 1.0, actions=("card", "loan"))
MUGS = Pool("inventory", "mugs", 2, actions=("card", "fund"))
FILE = """
currency: EUR
channels: {web: {capacity: {at_most: 100}}}
placements: {home: {channel: web}}
actions:
  card: {issue: grow, group: cards, value: 5, treatments: {banner: {channel: web, cost: 0.4}}}
"""


def a_costly(name, cost=0.4):
    return an_action(name, treatments=(Treatment("banner", "web", cost=cost),))


def catalog_with(*pools, **more):
    budgets = {pool.name: pool for pool in pools if pool.kind == "budget"}
    inventories = {pool.name: pool for pool in pools if pool.kind == "inventory"}
    actions = [a_costly(name) for name in ("card", "fund", "loan")]
    return a_catalog(*actions, budgets=budgets, inventories=inventories, **more)


def decided(catalog, used, **changes):
    customer = a_customer(used=used, **changes)
    scorer = FixedScorer(dict.fromkeys(catalog.actions, (0.2, 0.1)))
    return consider(a_request(limit=3), customer, catalog=compile_catalog(catalog), scorer=scorer)


def why(decision):
    return {each.action: (each.stage, each.reason) for each in decision.exclusions}


def test_money_is_counted_in_whole_millionths_and_goods_one_by_one():
    card = a_costly("card")
    assert draws_of((SPRING, MUGS), card, card.treatments) == (("budget:spring", 400_000), ("inventory:mugs", 1))
    assert in_units(0.1) * 3 == in_units(0.3)


def test_a_contact_takes_by_the_dearest_of_its_treatments_and_nothing_of_what_it_is_not_of():
    dear = an_action("card", treatments=tuple(Treatment(f"t{cost}", "web", cost=cost) for cost in (0.1, 0.7, 0.4)))
    assert draws_of((SPRING,), dear, dear.treatments) == (("budget:spring", 700_000),)
    assert draws_of((SPRING, MUGS), dear, ()) == ()
    other = a_costly("gift")
    assert draws_of((SPRING, MUGS), other, other.treatments) == ()


@pytest.mark.parametrize("who", [{"actions": ("card",)}, {"groups": ("cards",)}, {"channel": "web"}])
def test_a_pool_is_drawn_from_by_its_actions_its_groups_or_its_channel(who):
    pool, nobody = Pool("inventory", "mugs", 9, **who), Pool("inventory", "mugs", 9, actions=("x",), groups=("y",))
    assert pool.draws(an_action("card"), "web", cost=0.0) == 1
    assert pool.draws(an_action("loan", group="loans"), "email", cost=0.0) == 0
    assert nobody.draws(an_action("card"), "web", cost=0.0) == 0


@given(st.integers(0, 9), st.lists(st.integers(1, 4), max_size=5))
def test_what_was_drawn_is_gone_from_what_is_left_draw_by_draw(used, draws):
    stock = Stock({MUGS.key: replace(MUGS, amount=9)}, {MUGS.key: used, "budget:other": 7})
    for nth, units in enumerate(draws):
        left = 9 - used - sum(draws[:nth])
        assert (stock.short([Draw(MUGS.key, units)]) is not None) is (units > left)
        stock = stock.after([Draw(MUGS.key, units)])
    assert stock.used["budget:other"] == 7


def test_an_action_that_takes_more_than_is_left_is_excluded_and_says_of_what():
    left = {"budget:spring": 700_000, "inventory:mugs": 1}
    assert why(decided(catalog_with(SPRING, MUGS), left)) == {
        "card": ("budget", "budget_spent: spring (1)"),
        "loan": ("budget", "budget_spent: spring (1)"),
    }
    gone = {"budget:spring": 0, "inventory:mugs": 2}
    assert why(decided(catalog_with(SPRING, MUGS), gone)) == {
        "card": ("inventory", "inventory_empty: mugs (2)"),
        "fund": ("inventory", "inventory_empty: mugs (2)"),
    }


def test_what_could_not_be_read_is_taken_for_spent():
    assert why(decided(catalog_with(MUGS), {})).keys() == {"card", "fund"}


def test_a_channel_carries_no_more_than_its_capacity():
    web = Channel("web", capacity=Pool("capacity", "web", 5, "day", channel="web"))
    catalog = catalog_with(channels={"web": web}, placements={"home": a_catalog().placements["home"]})
    full = decided(catalog, {"capacity:web": 5})
    assert (full.chosen, {stage for stage, _ in why(full).values()}) == ("no_action", {"capacity"})


def test_what_costs_nothing_is_not_stopped_by_a_budget_that_is_spent():
    catalog = a_catalog(a_costly("card", cost=0.0), budgets={"spring": replace(SPRING, actions=("card",))})
    assert why(decided(catalog, {"budget:spring": 1_000_000})) == {}


def test_what_is_transactional_is_stopped_by_what_it_draws_from():
    receipt = an_action("card", transactional=True)
    catalog = a_catalog(receipt, inventories={"mugs": Pool("inventory", "mugs", 0, actions=("card",))})
    assert why(decided(catalog, {"inventory:mugs": 0}))["card"][0] == "inventory"


@given(st.integers(0, 1_500_000), st.integers(0, 3), st.lists(st.sampled_from([0.0, 0.3, 0.5]), min_size=3, max_size=3))
def test_no_list_takes_more_than_is_left_and_each_is_replayed(money, mugs, costs):
    actions = [a_costly(name, cost) for name, cost in zip(("card", "fund", "loan"), costs, strict=True)]
    catalog = a_catalog(*actions, budgets={"spring": SPRING}, inventories={"mugs": MUGS})
    used = {"budget:spring": money, "inventory:mugs": mugs}
    decision = decided(catalog, used)
    listed = [item.action for item in decision.ranked]
    spent = sum(round(1_000_000 * costs[("card", "fund", "loan").index(name)]) for name in listed if name != "fund")
    assert not spent or money + spent <= 1_000_000
    taken = sum(name != "loan" for name in listed)
    assert not taken or mugs + taken <= 2
    compiled, scorer = compile_catalog(catalog), FixedScorer(dict.fromkeys(catalog.actions, (0.2, 0.1)))
    assert differences(decision, replayed(decision, catalog=compiled, scorer=scorer)) == ()


def test_a_decision_that_cannot_be_recorded_offers_only_what_nothing_counts():
    caps = ContactPolicy(caps=(Cap("action", 5, timedelta(days=7), only="loan"),))
    decision = decided(catalog_with(MUGS, contact_policy=caps), {"inventory:mugs": 0}, degraded=(UNRECORDED,))
    assert {name for name, (stage, _) in why(decision).items() if stage == "unrecorded"} == {"card", "fund", "loan"}
    only_loan = ContactPolicy(caps=(Cap("action", 5, timedelta(days=7), only="card"),))
    free = decided(catalog_with(contact_policy=only_loan), {}, degraded=(UNRECORDED,))
    assert Exclusion("card", "unrecorded", "a cap or pool counts its contacts, and the ledger cannot be written") in (
        free.exclusions
    )
    assert set(free.eligible) == {"fund", "loan", "no_action"}


def test_a_period_begins_on_the_clock_of_the_business():
    pool = Pool("budget", "spring", 1.0, per="day")
    assert pool.began(NOON, "Asia/Tokyo").isoformat() == "2026-06-01T00:00:00+09:00"
    assert Pool("budget", "spring", 1.0).began(NOON, "UTC") is None


def test_the_catalogue_declares_them_and_its_version_counts_them():
    text = FILE + "budgets: {spring: {amount: 50, per: month, groups: [cards]}}\n"
    text += "inventories: {mugs: {count: 3, actions: [card]}}"
    catalog = read_catalog(text)
    assert [pool.key for pool in catalog.pools] == ["budget:spring", "inventory:mugs", "capacity:web"]
    more = read_catalog(text.replace("amount: 50", "amount: 60"))
    assert [each.path for each in changes(catalog, more)] == [("budgets", "spring", "amount")]
    assert compile_catalog(catalog).policy_version != compile_catalog(more).policy_version


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("budgets: {spring: {amount: 50, groups: [crads]}}", "budgets.spring.groups: unknown group 'crads'"),
        (
            "  loan: {issue: grow, group: loans, value: 5, treatments: {t: {channel: web, cost_formula: age}}}\n"
            "budgets: {spring: {amount: 50, groups: [loans]}}",
            "cost_formula: the budget spring counts this cost, which must be a number then",
        ),
        ("inventories: {mugs: {count: 3}}", "expected the actions or groups that draw from it"),
        ("inventories: {mugs: {count: -1, actions: [card]}}", "inventories.mugs.count"),
        ("budgets: {spring: {amount: 50, per: year, actions: [card]}}", "budgets.spring.per"),
    ],
)
def test_a_pool_that_makes_no_sense_is_told_with_its_field(said, problem):
    with pytest.raises(CatalogError, match=problem.replace("(", r"\(")) as refused:
        read_catalog(FILE + said)
    assert len(str(refused.value).splitlines()) == 1, "once"


def test_advice_finds_what_is_never_drawn_from_and_what_is_empty():
    text = FILE.replace("cost: 0.4", "cost: 0").replace("100", "0")
    text += "budgets: {spring: {amount: 50, actions: [card]}}\ninventories: {mugs: {count: 0, actions: [card]}}"
    catalog = read_catalog(text)
    found = {each.path: each.text for each in advise(catalog, {}, now=NOON)}
    assert "never drawn from" in found["budgets", "spring"]
    assert "is 0" in found["inventories", "mugs"]
    assert "is 0" in found["channels", "web", "capacity"]


def test_prices_are_taken_off_priorities_before_anything_is_drawn_and_are_replayed():
    catalog = catalog_with(SPRING, MUGS)
    compiled, used = compile_catalog(catalog), {"budget:spring": 0, "inventory:mugs": 0}
    scorer = FixedScorer({"card": (0.5, 0.4), "fund": (0.5, 0.3), "loan": (0.5, 0.2)})
    plain = consider(a_request(), a_customer(used=used), catalog=compiled, scorer=scorer)
    prices = {"budget:spring": 2.0, "inventory:mugs": 16.0}
    priced = consider(a_request(prices=prices), a_customer(used=used), catalog=compiled, scorer=scorer)
    fell = {name: plain.scores[name][2] - priced.scores[name][2] for name in plain.scores}
    assert fell == pytest.approx({"card": 0.4 * 2 + 16, "fund": 16, "loan": 0.4 * 2})
    assert max(priced.eligible, key=priced.eligible.__getitem__) == "loan"
    assert sum(priced.eligible.values()) == pytest.approx(1)
    assert differences(priced, replayed(priced, catalog=compiled, scorer=scorer)) == ()
