"""What a bundle foresees, read by conditions, formulas and priorities; replayed from the record by the same bundle."""

from dataclasses import dataclass

import pytest
from as_logged import as_logged

from builders import FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.catalog import Exploration, Placement
from decisioning.catalog_file import read_catalog
from decisioning.cold_start import CatalogScorer
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.errors import CatalogError, UnavailableError
from decisioning.explained import explained
from decisioning.replay import differences, replayed


@dataclass
class Foreseer(FixedScorer):
    """Foresees that older customers leave."""

    fails: bool = False

    def foresee(self, features):
        return {"churn": features["age"] / 100.0}

    def score(self, features, candidates):
        if self.fails:
            raise UnavailableError("the model does not answer")
        return super().score(features, candidates)


SAYS = {"card": (0.1, 0.1), "stay": (0.1, 0.1)}


def decided(*actions, scorer, age=60.0, **changes):
    home = {"home": Placement("home", "web", must_fill=True)}
    catalog = a_catalog(*actions, **{"placements": home, "exploration": Exploration(0.0, 0.0), **changes})
    compiled, customer = compile_catalog(catalog), a_customer(features={"age": age})
    found = consider(a_request(), customer, catalog=compiled, scorer=scorer)
    logged = as_logged(found)
    assert differences(logged, replayed(logged, catalog=compiled, scorer=scorer)) == ()
    return found, compiled


class Blind(Foreseer):
    """Cannot foresee anything."""

    def foresee(self, features):
        raise UnavailableError("the model does not answer")


def test_where_foreseeing_fails_the_catalogue_decides_and_nothing_is_foreseen():
    found, _ = decided(an_action("card"), an_action("stay", suitability="foreseen.churn > 0.5"), scorer=Blind(SAYS))
    assert (found.degraded, set(found.eligible)) == (("model",), {"card"})


@pytest.mark.parametrize(("age", "offered"), [(60.0, True), (20.0, False)])
def test_a_condition_reads_what_the_bundle_foresees_and_an_explanation_shows_it(age, offered):
    scorer = Foreseer(SAYS)
    found, compiled = decided(
        an_action("card"), an_action("stay", suitability="foreseen.churn > 0.5"), scorer=scorer, age=age
    )
    assert ("stay" in found.eligible) is offered
    read = [each.read for each in explained(found, compiled, scorer) if each.became == "excluded"]
    assert read == ([] if offered else [{"foreseen.churn": age / 100.0}])


def test_it_is_not_known_where_nobody_foresees_it():
    for scorer in (FixedScorer(SAYS), CatalogScorer()):
        found, _ = decided(an_action("card"), an_action("stay", suitability="foreseen.churn > 0.5"), scorer=scorer)
        assert {each.action: each.stage for each in found.exclusions} == {"stay": "suitability"}


def test_a_priority_grows_with_the_risk_that_they_leave():
    for age, first in ((90.0, "stay"), (10.0, "card")):
        found, _ = decided(
            an_action("card", value=50.0),
            an_action("stay", issue="retain", value=30.0),
            scorer=Foreseer(SAYS),
            age=age,
            arbitration_by_issue={"retain": "custom"},
            priority_formula="uplift * value * (1 + foreseen.churn)",
        )
        assert found.chosen == first


def test_with_a_model_that_fails_nothing_is_foreseen_either_and_the_decision_replays():
    stay = an_action("stay", suitability="foreseen.churn > 0.5")
    found, _ = decided(an_action("card"), stay, scorer=Foreseer(SAYS, fails=True))
    assert found.degraded == ("model",)
    assert {each.action: each.stage for each in found.exclusions} == {"stay": "suitability"}


TEXT = """\
currency: EUR
channels: {{web: {{}}}}
placements: {{home: {{channel: web}}}}
actions:
  card: {{issue: grow, group: cards, value: 1, suitability: {condition}, treatments: {{banner: {{channel: web}}}}}}
"""


def test_only_what_can_be_foreseen_may_be_asked_for():
    features = {"age": "number"}
    assert read_catalog(TEXT.format(condition="foreseen.churn > 0.5 AND age > 3"), features=features).actions
    with pytest.raises(CatalogError, match=r"unknown feature 'foreseen.chrn'; nearest are foreseen.churn"):
        read_catalog(TEXT.format(condition="foreseen.chrn > 0.5"), features=features)
    with pytest.raises(CatalogError, match=r"a number = a word"):
        read_catalog(TEXT.format(condition="foreseen.churn = 'high'"), features=features)
