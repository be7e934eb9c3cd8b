"""Priorities by issue, by a formula, and what decides between equal ones: used, recorded, replayed, checked."""

import pytest
from as_logged import as_logged

from builders import FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.action import Treatment
from decisioning.catalog import Exploration, Placement
from decisioning.catalog_file import read_catalog
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.errors import CatalogError
from decisioning.replay import differences, replayed

SCORER = FixedScorer({"card": (0.5, 0.2), "loan": (0.1, 0.1), "fund": (0.3, float("nan"))})


def decided(*actions, features=None, **changes):
    sure = {"exploration": Exploration(0.0, 0.0), "placements": {"home": Placement("home", "web", must_fill=True)}}
    catalog = compile_catalog(a_catalog(*actions, **{**sure, **changes}))
    decision = consider(a_request(), a_customer(features=features or {}), catalog=catalog, scorer=SCORER)
    logged = as_logged(decision)
    assert differences(logged, replayed(logged, catalog=catalog, scorer=SCORER)) == ()
    return decision


def ranked(decision):
    return {each.action: each.priority for each in decision.ranked}


def test_value_alone_is_value_times_weights_whatever_the_chance():
    found = decided(an_action("card", value=10.0, lever=2.0), an_action("loan", value=30.0), arbitration="value")
    assert list(ranked(found).items()) == [("loan", 30.0), ("card", 20.0)]


def test_a_formula_reads_factors_and_features_and_the_uplift_where_there_is_any():
    costly = (Treatment("call", "web", cost=3.0),)
    found = decided(
        an_action("card", value=10.0, treatments=costly),
        an_action("fund", value=10.0, lever=2.0),
        arbitration="custom",
        priority_formula="uplift * value * lever * (1 + churn_risk) - cost",
        features={"churn_risk": 0.5},
    )
    assert ranked(found) == {"card": pytest.approx(0.2 * 10 * 1.5 - 3), "fund": pytest.approx(0.3 * 10 * 2 * 1.5)}


def test_where_a_formula_comes_to_nothing_known_the_action_is_not_offered():
    found = decided(
        an_action("card", issue="retain"),
        an_action("loan"),
        arbitration_by_issue={"retain": "custom"},
        priority_formula="value * churn_risk",
    )
    assert [(each.action, each.stage) for each in found.exclusions] == [("card", "score")]
    assert ranked(found) == {"loan": 5.0}


def test_issues_are_arbitrated_each_in_its_own_way():
    retain = an_action("card", issue="retain", value=10.0)
    found = decided(retain, an_action("loan", value=30.0), arbitration_by_issue={"retain": "value"})
    assert ranked(found) == {"card": 10.0, "loan": 3.0}


@pytest.mark.parametrize(
    ("tie_break", "first"), [((), "card"), (("value",), "loan"), (("propensity",), "card"), (("cost", "value"), "card")]
)
def test_equal_priorities_are_told_apart_as_stated_and_then_by_name(tie_break, first):
    cheap, dear = (Treatment("t", "web", cost=0.0),), (Treatment("t", "web", cost=1.0),)
    pair = an_action("card", value=20.0, treatments=cheap), an_action("loan", value=50.0, treatments=dear)
    found = decided(*pair, tie_break=tie_break)
    assert set(ranked(found).values()) == {4.0}
    assert found.chosen == first


TEXT = """\
currency: EUR
channels: {web: {}}
placements: {home: {channel: web}}
actions:
  card: {issue: grow, group: cards, value: 1, treatments: {banner: {channel: web}}}
"""


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("arbitration: custom", "priority_formula: belongs to the arbitration custom"),
        ("priority_formula: value", "priority_formula: belongs to the arbitration custom"),
        ("arbitration_by_issue: {sell: value}", "arbitration_by_issue.sell: unknown issue 'sell'"),
        ("arbitration_by_issue: {grow: luck}", "arbitration_by_issue.grow: got 'luck', expected 'incremental_value'"),
        ("tie_break: [luck]", r"tie_break\[0\]: got 'luck', expected 'value'"),
        ("{arbitration: custom, priority_formula: value * chrn}", "unknown feature 'chrn'"),
        ("{arbitration: custom, priority_formula: value * plan}", "numbers in arithmetic"),
    ],
)
def test_what_cannot_be_arbitrated_is_refused_with_its_field(more, told):
    lines = more.strip("{}").replace(", ", "\n") if more.startswith("{") else more
    with pytest.raises(CatalogError, match=told):
        read_catalog(TEXT + lines + "\n", features={"churn_risk": "number", "plan": "word"})


def test_a_formula_of_factors_and_features_is_read():
    text = TEXT + "arbitration: custom\npriority_formula: uplift * value * (1 + churn_risk)\ntie_break: [value, cost]\n"
    catalog = read_catalog(text, features={"churn_risk": "number"})
    assert (catalog.arbitration, catalog.tie_break) == ("custom", ("value", "cost"))
