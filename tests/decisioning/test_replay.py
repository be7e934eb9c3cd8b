"""A recorded decision is made again from its record alone, and says what would have been, had something differed."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from as_logged import as_logged
from hypothesis import given
from hypothesis import strategies as st

from builders import FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.action import Treatment
from decisioning.catalog import Exploration
from decisioning.customer import ConsentState
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.errors import InvalidInputError, NotFoundError, UnavailableError
from decisioning.explained import explained
from decisioning.fast_layer.belief import Belief
from decisioning.fast_layer.exposure import Exposure, Regressors
from decisioning.fast_layer.layer import FastLayer
from decisioning.fast_layer.scorer import FastScorer
from decisioning.ports import Scores
from decisioning.replay import Supposition, differences, replayed, supposed

NAMES = ("card", "loan", "fund")
AGE = Regressors(("age",), (40.0,), (10.0,))
NOW_US = 1_780_000_000_000_000


@dataclass
class PerTreatment(FixedScorer):
    """Says of each action what the test says, a little more in a treatment called `tile`; ranks itself where asked."""

    ranks: bool = False

    def score(self, features, candidates):
        found = super().score(features, candidates)
        more = np.array([0.011 if each.treatment.name == "tile" else 0.0 for each in candidates])
        own = 3.0 * found.propensity + more if self.ranks else None
        return Scores(np.minimum(found.propensity + more, 1.0), found.uplift, own)


def an_offer(name):
    shown = (Treatment("banner", "web"), Treatment("tile", "web", cost=0.3), Treatment("letter", "email", cost=1.0))
    return an_action(name, treatments=shown, eligibility="age >= 18" if name == "loan" else "")


@st.composite
def decided(draw):
    """A catalogue, what scored, and the decision as its record reads back."""
    catalog = compile_catalog(a_catalog(*map(an_offer, NAMES), exploration=Exploration(epsilon=0.2)))
    says = {name: (draw(st.floats(0, 1)), draw(st.sampled_from([float("nan"), 0.02, -0.1]))) for name in NAMES}
    bundle, scorer = PerTreatment(says, ranks=draw(st.booleans())), None
    if draw(st.booleans()):
        layer = FastLayer(Belief(), 2)
        for _ in range(draw(st.integers(1, 5))):
            row, action = np.array([1.0, draw(st.floats(-2, 2))]), draw(st.sampled_from(NAMES))
            layer.learn(action, Exposure(row, draw(st.floats(0.01, 0.9)), NOW_US, draw(st.booleans())))
        scorer = FastScorer(bundle, layer.posterior(NOW_US), AGE, 1.0, 7)
    customer = a_customer(features={"age": draw(st.floats(10, 70))}, degraded=("stale_session",))
    request = a_request(request_id=draw(st.uuids().map(str)), context={"intent": "browse"})
    made = consider(request, customer, catalog=catalog, scorer=scorer or bundle)
    return catalog, bundle, as_logged(made)


@given(decided())
def test_a_decision_with_or_without_a_fast_layer_is_made_again_from_its_record(case):
    catalog, bundle, logged = case
    again = replayed(logged, catalog=catalog, scorer=bundle)
    assert again == logged
    assert differences(logged, again) == ()


@given(decided())
def test_had_nothing_differed_the_same_would_have_been_decided(case):
    catalog, bundle, logged = case
    if logged.learned is None:
        assert supposed(logged, Supposition(), catalog=catalog, scorer=bundle) == logged


def made(scorer=None, *, catalog=None, **changes):
    bundle = scorer or FixedScorer(dict.fromkeys(NAMES, (0.2, 0.1)))
    compiled = compile_catalog(catalog or a_catalog(*map(an_offer, NAMES), exploration=Exploration(epsilon=0.0)))
    logged = consider(a_request(**changes), a_customer(), catalog=compiled, scorer=bundle)
    return logged, {"catalog": compiled, "scorer": bundle}


def test_another_bundle_is_found_out():
    logged, how = made()
    other = FixedScorer(dict.fromkeys(NAMES, (0.3, 0.1)))
    assert differences(logged, replayed(logged, catalog=how["catalog"], scorer=other)) == ("scores", "ranked")


def test_a_decision_whose_bundle_failed_is_made_again_by_the_catalogue():
    class Failing(FixedScorer):
        def score(self, features, candidates):
            raise UnavailableError("gone")

    logged, how = made(Failing({}))
    assert replayed(logged, **how) == logged


def test_what_if_a_feature_had_another_value():
    logged, how = made()
    younger = supposed(logged, Supposition(features={"age": 17.0}), **how)
    assert [(each.action, each.stage) for each in younger.exclusions] == [("loan", "eligibility")]


def test_what_if_one_fact_of_the_moment_were_another_and_the_others_as_they_were():
    stay = an_action("stay", eligibility="context.intent = 'leave' AND context.page = 'bill'")
    logged, how = made(
        catalog=a_catalog(stay), scorer=FixedScorer({"stay": (0.2, 0.1)}), context={"intent": "browse", "page": "bill"}
    )
    leaving = supposed(logged, Supposition(context={"intent": "leave"}), **how)
    assert leaving.context == {"intent": "leave", "page": "bill"}
    assert ("stay" in logged.eligible, "stay" in leaving.eligible) == (False, True)


@pytest.mark.parametrize("explained", [0, 1, 2])
def test_as_many_ranked_actions_as_are_asked_for_say_what_moved_them(explained):
    logged, how = made(limit=3)
    plain = [each.reasons for each in logged.ranked]
    for again in (
        replayed(logged, explained=explained, **how),
        supposed(logged, Supposition(), explained=explained, **how),
    ):
        more = [len(each.reasons) > len(said) for each, said in zip(again.ranked, plain, strict=True)]
        assert more == [rank < explained for rank in range(3)]


def test_what_if_a_lever_were_pulled():
    logged, how = made()
    assert supposed(logged, Supposition(levers={"loan": 9.0}), **how).ranked[0].action == "loan"
    assert logged.ranked[0].action == "card"


def test_what_if_it_were_another_channel():
    logged, how = made()
    assert logged.channel == "web"
    mailed = supposed(logged, Supposition(placement="mail"), **how)
    assert {each.stage for each in mailed.exclusions} == {"consent"}, "mail needs a yes that nobody gave"


def test_what_if_it_were_another_channel_is_told_of_treatments_that_a_fast_layer_did_not_move_then():
    layer = FastLayer(Belief(), 2)
    layer.learn("card", Exposure(np.array([1.0, 0.0]), 0.2, NOW_US, accepted=True))
    catalog = compile_catalog(a_catalog(*map(an_offer, NAMES)))
    bundle = PerTreatment(dict.fromkeys(NAMES, (0.2, 0.1)))
    scorer = FastScorer(bundle, layer.posterior(NOW_US), AGE, 1.0, 7)
    willing = a_customer(consent=ConsentState({("marketing", "email"): True}))
    logged = as_logged(consider(a_request(limit=1), willing, catalog=catalog, scorer=scorer))
    mailed = supposed(logged, Supposition(placement="mail"), catalog=catalog, scorer=bundle)
    assert {name for name in mailed.eligible if name != "no_action"} == set(NAMES)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (Supposition(features={"agee": 1.0}), "knows no feature 'agee'; it knows age"),
        (Supposition(levers={"cart": 2.0}), "knows no action 'cart'; it knows card, fund, loan"),
        (Supposition(placement="attic"), "unknown placement 'attic'"),
        (Supposition(features={"age": "old"}), "feature 'age' is a number; given a word"),
    ],
)
def test_what_the_decision_does_not_know_cannot_be_supposed(what, said):
    logged, how = made()
    with pytest.raises(InvalidInputError, match=said):
        supposed(logged, what, **how)


def test_a_record_without_its_constraints_says_that_it_cannot_be_made_again():
    logged, how = made()
    with pytest.raises(NotFoundError, match="before consent and contacts were kept"):
        replayed(replace(logged, constraints=None), **how)


def test_every_action_is_explained_once():
    logged, how = made(FixedScorer({"card": (0.2, 0.1), "loan": (0.3, 0.1), "fund": (0.1, 0.0)}), limit=1)
    told = {each.action: each for each in explained(logged, how["catalog"], how["scorer"])}
    assert sorted(told) == sorted(NAMES)
    assert told["card"].became == "ranked"
    assert told["card"].contributions[0].value == 40.0
    assert told["fund"].why == ("its priority is below that of the 1 shown",)


def test_what_a_list_that_ended_early_left_out_is_not_said_to_be_worth_less():
    logged, how = made(FixedScorer({"card": (0.2, 0.1), "loan": (0.3, 0.1), "fund": (0.1, 0.0)}), limit=3)
    ended = replace(logged, ranked=logged.ranked[:1])
    told = {each.action: each.why for each in explained(ended, how["catalog"], how["scorer"])}
    assert {name for name in NAMES if "only 1 of 3 ranks were filled" in told[name][0]} == set(NAMES) - {
        ended.ranked[0].action
    }


def test_an_excluded_action_names_its_condition_and_what_it_read():
    logged, how = made()
    younger = supposed(logged, Supposition(features={"age": 17.0}), **how)
    told = {each.action: each for each in explained(younger, how["catalog"], how["scorer"])}["loan"]
    assert (told.stage, told.why, told.read) == ("eligibility", ("age >= 18",), {"age": 17.0})
