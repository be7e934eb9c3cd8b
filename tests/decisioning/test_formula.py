# ruff: noqa: E501 - a catalogue reads best on one line
"""Value and cost computed from features: what is not known, or below 0, is not offered, and a record says why."""

import numpy as np
import pytest
from as_logged import as_logged

from builders import NOON, FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.action import Treatment
from decisioning.catalog import Exploration, Placement
from decisioning.catalog_file import read_catalog
from decisioning.condition_array import Words
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.errors import CatalogError
from decisioning.explained import explained
from decisioning.formula import compile_formula
from decisioning.replay import differences, replayed

SURE = {
    "exploration": Exploration(0.0, 0.0),
    "placements": {"home": Placement("home", "web", must_fill=True, limit=3)},
}
SCORER = FixedScorer(dict.fromkeys(("card", "loan", "fund"), (0.5, 0.5)))


def decided(*actions, **features):
    catalog = compile_catalog(a_catalog(*actions, **SURE))
    return consider(a_request(), a_customer(features=features), catalog=catalog, scorer=SCORER), catalog


def test_a_formula_s_value_and_cost_make_the_priority_and_are_told_and_replayed():
    costly = Treatment("call", "web", cost=1.0, cost_formula="minutes * 2")
    loan = an_action("loan", value=10.0, value_formula="0.01 * income", treatments=(costly,))
    decision, catalog = decided(an_action("card", value=50.0), loan, income=9000.0, minutes=3.0)
    top = decision.ranked[0]
    assert (top.action, top.value, top.cost, top.priority) == ("loan", 90.0, 6.0, 0.5 * 90.0 - 6.0)
    logged = as_logged(decision)
    assert differences(logged, replayed(logged, catalog=catalog, scorer=SCORER)) == ()


@pytest.mark.parametrize("income", [None, -5.0])
def test_what_has_no_known_value_of_0_or_more_is_not_offered_and_the_reason_names_the_formula(income):
    loan = an_action("loan", value=1000.0, value_formula="0.01 * income")
    decision, _ = decided(an_action("card"), loan, income=income)
    assert [(each.action, each.stage, each.reason) for each in decision.exclusions] == [
        ("loan", "value", "not known, or below 0: 0.01 * income")
    ]
    assert [each.read for each in explained(decision, None, None) if each.stage == "value"] == [{"income": income}]


def test_of_several_treatments_only_those_whose_cost_is_known_are_offered():
    priced = Treatment("a", "web", cost_formula="unknown_rate * 2"), Treatment("b", "web", cost=40.0)
    decision, _ = decided(an_action("card", treatments=priced), income=1.0)
    assert [each.treatment for each in decision.ranked] == ["b"]
    decision, _ = decided(an_action("card", treatments=priced[:1]), an_action("fund"), income=1.0)
    assert [(each.action, each.stage) for each in decision.exclusions] == [("card", "value")]


@pytest.mark.parametrize(("rates", "offered"), [((2.0, None), ["a"]), ((None, 2.0), ["b"]), ((None, -1.0), [])])
def test_of_treatments_that_all_compute_their_cost_one_that_is_known_suffices(rates, offered):
    priced = [Treatment(name, "web", cost_formula=f"{name}_rate * 1") for name in "ab"]
    known = dict(zip(("a_rate", "b_rate"), rates, strict=True))
    decision, _ = decided(an_action("card", value=50.0, treatments=tuple(priced)), **known)
    assert [each.treatment for each in decision.ranked] == offered
    assert [each.stage for each in decision.exclusions] == ([] if offered else ["value"])


@pytest.mark.parametrize("text", ["tier", "tier + 1", "1 / tier"])
def test_a_word_is_no_amount_of_one_customer_nor_of_many(text):
    formula = compile_formula(text)
    assert formula.number({"tier": "gold"}) is None
    assert np.isnan(formula.of_many({"tier": Words(np.zeros(2), ("gold",))}, n=2)).all()


TEXT = """\
currency: EUR
channels: {{web: {{}}}}
placements: {{home: {{channel: web}}}}
actions:
  card: {{issue: grow, group: cards, value: 1, value_formula: "{value}", treatments: {{banner: {{channel: web, cost_formula: "{cost}"}}}}}}
"""


def test_formulas_are_checked_against_the_features_when_the_file_is_read():
    kinds = {"income": "number", "plan": "word", "since": "moment"}
    catalog = read_catalog(TEXT.format(value="0.1 * income", cost="(now - since) / 1 day"), features=kinds)
    card = catalog.actions["card"]
    assert (card.value_formula, card.treatments[0].cost_formula) == ("0.1 * income", "(now - since) / 1 day")
    for value, cost, told in [
        ("incme * 2", "0", r"value_formula: .*unknown feature 'incme'; nearest are income"),
        ("plan", "0", r"value_formula: .*allowed are numbers"),
        ("1", "now - since", r"cost_formula: .*allowed are numbers"),
        ("income > 3", "0", r"value_formula: .*is not allowed"),
    ]:
        with pytest.raises(CatalogError, match=told):
            read_catalog(TEXT.format(value=value, cost=cost), features=kinds)


def test_what_draws_from_a_budget_has_one_cost_for_all():
    text = TEXT.format(value="1", cost="income / 100") + "budgets: {spring: {amount: 100, actions: [card]}}"
    with pytest.raises(CatalogError, match=r"cost_formula: the budget spring counts this cost"):
        read_catalog(text)


def test_the_value_of_an_action_follows_the_moment():
    now = a_customer().as_of
    assert now == NOON
    decision, _ = decided(an_action("card", value_formula="(now - TIMESTAMP '2026-06-01 10:00:00') / 1 hour"))
    assert decision.ranked[0].value == 2.0
