import math
from datetime import timedelta

import numpy as np
import pytest

from builders import NOON, FixedScorer, ListLog, OneCustomer, a_catalog, a_customer, a_request, an_action
from decisioning.action import NO_ACTION, Treatment
from decisioning.catalog import Cap, ContactPolicy, ContextWeight, Exploration, HoldoutArms, Placement
from decisioning.cold_start import CatalogScorer
from decisioning.customer import Contact, ContactHistory
from decisioning.decide import ATTEMPTS, Ports, consider, decide
from decisioning.eligibility import compile_catalog
from decisioning.errors import ConflictError, InvalidInputError, StaleContactsError
from decisioning.exclusive import Exclusive

GREEDY = Exploration(epsilon=0.0, epsilon_without_bundle=0.0)
SAYS = FixedScorer({"card": (0.3, 0.2), "loan": (0.5, 0.3), "fund": (0.2, -0.1)})


def _consider(request=None, *, scorer=SAYS, customer=None, actions=(), **catalog):
    compiled = compile_catalog(a_catalog(*actions, **{"exploration": GREEDY, **catalog}))
    return consider(request or a_request(), customer or a_customer(), catalog=compiled, scorer=scorer, explained=1)


def test_what_gains_most_comes_first_and_what_does_harm_is_not_offered():
    decision = _consider()
    assert [(item.rank, item.action) for item in decision.ranked] == [(1, "loan"), (2, "card")]
    assert decision.chosen == "loan"
    assert decision.ranked[0].priority == pytest.approx(15.0)


def test_doing_nothing_is_chosen_where_every_action_does_harm():
    decision = _consider(scorer=FixedScorer(dict.fromkeys(("card", "loan", "fund"), (0.5, -0.1))))
    assert (decision.chosen, decision.ranked) == (NO_ACTION, ())
    assert decision.eligible[NO_ACTION] == 1.0


def test_a_placement_that_must_be_filled_leaves_nothing_out_of_the_choice():
    placements = {"home": Placement("home", "web", must_fill=True, limit=1)}
    decision = _consider(
        scorer=FixedScorer(dict.fromkeys(("card", "loan", "fund"), (0.5, -0.1))), placements=placements
    )
    assert decision.chosen == "card"
    assert NO_ACTION not in decision.eligible


def test_with_no_candidate_even_a_placement_that_must_be_filled_gets_no_action():
    placements = {"home": Placement("home", "web", must_fill=True)}
    decision = _consider(actions=[an_action("card", eligibility="age > 99")], placements=placements)
    assert (decision.chosen, dict(decision.eligible)) == (NO_ACTION, {NO_ACTION: 1.0})


def test_every_action_not_offered_says_the_first_stage_that_stopped_it():
    actions = [
        an_action("old", eligibility="age > 99", suitability="age > 99"),
        an_action("mailed", treatments=(Treatment("mail", "email"),)),
        an_action("rich", suitability="income > 5"),
        an_action("card"),
    ]
    decision = _consider(actions=actions)
    assert {e.action: (e.stage, e.reason) for e in decision.exclusions} == {
        "old": ("eligibility", "age > 99"),
        "mailed": ("placement", "no treatment for home"),
        "rich": ("suitability", "income > 5"),
    }


def test_the_best_treatment_of_an_action_is_taken():
    treatments = (Treatment("dear", "web", cost=5.0), Treatment("cheap", "web", cost=1.0))
    decision = _consider(actions=[an_action("card", treatments=treatments)])
    assert decision.ranked[0].treatment == "cheap"


def test_intent_raises_the_priority_of_its_issue():
    weights = (ContextWeight("retain", "context.intent = 'cancellation'", 3.0),)
    actions = [an_action("card", issue="retain"), an_action("loan")]
    calm = _consider(actions=actions, context_weights=weights)
    leaving = _consider(a_request(context={"intent": "cancellation"}), actions=actions, context_weights=weights)
    assert (calm.chosen, leaving.chosen) == ("loan", "card")
    assert leaving.ranked[0].context_weight == 3.0


def test_a_list_never_takes_more_contacts_than_its_caps_leave():
    policy = ContactPolicy(caps=(Cap("customer", 2, timedelta(days=7)),))
    decision = _consider(scorer=FixedScorer(dict.fromkeys(("card", "loan", "fund"), (0.5, 0.3))), contact_policy=policy)
    assert len(decision.ranked) == 2


CAPPED = (
    an_action("card", group="cards"),
    an_action("gold", group="cards"),
    an_action("loan", group="loans"),
    an_action("note", group="cards", transactional=True),
)
LIKED = FixedScorer({name: (0.5, 0.4 - 0.1 * place) for place, name in enumerate(("card", "gold", "loan", "note"))})


@pytest.mark.parametrize(("n_before", "listed"), [(0, ["card", "loan", "note"]), (1, ["loan", "note"])])
def test_a_cap_stops_what_counts_under_it_and_nothing_else(n_before, listed):
    policy = ContactPolicy(caps=(Cap("group", 1, timedelta(days=7)),))
    before = (Contact("gold", "cards", "web", NOON - timedelta(days=1)),) * n_before
    customer = a_customer(history=ContactHistory(contacts=before))
    wide = {"placements": {"home": Placement("home", "web", limit=4)}}
    decision = _consider(scorer=LIKED, actions=CAPPED, customer=customer, contact_policy=policy, **wide)
    assert [each.action for each in decision.ranked] == listed
    stopped = {each.action for each in decision.exclusions if each.stage == "cap"}
    assert stopped == ({"card", "gold"} if n_before else set())


def test_what_is_transactional_stands_in_one_list_with_what_excludes_it():
    policy = ContactPolicy(exclusive=(Exclusive("one", ("card", "gold", "note")),))
    wide = {"placements": {"home": Placement("home", "web", limit=4)}}
    decision = _consider(scorer=LIKED, actions=CAPPED, contact_policy=policy, **wide)
    assert [each.action for each in decision.ranked] == ["card", "loan", "note"]


def test_context_weights_of_one_issue_that_hold_together_are_multiplied():
    weights = [ContextWeight("grow", f"age > {age}", factor) for age, factor in ((30, 2.0), (35, 0.25), (50, 9.0))]
    decision = _consider(context_weights=tuple(weights))
    assert decision.ranked[0].context_weight == 0.5


@pytest.mark.parametrize(("arm", "chosen"), [("hold_out", NO_ACTION), ("no_levers", "loan"), ("nba", "card")])
def test_an_arm_changes_what_is_chosen(arm, chosen):
    actions = [an_action("card", lever=9.0), an_action("loan"), an_action("fund")]
    holdout = HoldoutArms("s", {} if arm == "nba" else {arm: 1.0})
    decision = _consider(actions=actions, holdout=holdout)
    assert (decision.arm, decision.chosen) == (arm, chosen)


def test_the_random_arm_explores_evenly_whatever_the_catalogue_says():
    decision = _consider(holdout=HoldoutArms("s", {"random_eligible": 1.0}))
    assert set(decision.eligible.values()) == {0.25}


def test_before_the_first_bundle_the_catalogue_explores_at_its_own_rate():
    decision = _consider(scorer=CatalogScorer(), exploration=Exploration(0.05, 1.0))
    assert (decision.epsilon, decision.versions.bundle) == (1.0, "none")
    assert decision.ranked == () or decision.ranked[0].uplift is None


def test_a_score_that_is_not_finite_leaves_its_action_out_and_says_so():
    decision = _consider(scorer=FixedScorer({**SAYS.says, "loan": (math.nan, 0.1)}))
    assert decision.chosen == "card"
    assert [(e.action, e.stage) for e in decision.exclusions] == [("loan", "score")]


class RanksItself(FixedScorer):
    """Says the propensity as its own priority too."""

    def score(self, features, candidates):
        scores = super().score(features, candidates)
        return scores._replace(propensity=np.full(len(candidates), 0.5), priority=scores.propensity)


def test_a_priority_of_a_scorers_own_that_is_not_a_number_leaves_its_action_out():
    decision = _consider(scorer=RanksItself({**SAYS.says, "loan": (math.nan, 0.1)}))
    assert decision.chosen == "card"
    assert [(e.action, e.stage) for e in decision.exclusions] == [("loan", "score")]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (a_request(placement="fax"), "unknown placement 'fax'; the catalogue has home, mail"),
        (a_request(channel="email"), "placement 'home' is of channel 'web', not 'email'"),
        (a_request(limit=0), "limit is 0; at least 1 is needed"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused_by_name(request_, message):
    with pytest.raises(InvalidInputError) as refused:
        _consider(request_)
    assert str(refused.value) == message


def _ports(log):
    return Ports(compile_catalog(a_catalog(exploration=GREEDY)), OneCustomer(a_customer()), SAYS, log)


def test_a_decision_is_recorded_before_it_is_returned():
    log = ListLog()
    decision = decide(a_request(), ports=_ports(log), now=NOON)
    assert log.kept == [decision]


def test_contacts_that_changed_meanwhile_make_it_decide_again():
    log = ListLog(failures=[StaleContactsError("changed")] * 2)
    assert decide(a_request(), ports=_ports(log), now=NOON).chosen == "loan"


def test_contacts_that_keep_changing_end_in_no_action():
    log = ListLog(failures=[StaleContactsError("changed")] * ATTEMPTS)
    decision = decide(a_request(), ports=_ports(log), now=NOON)
    assert decision.chosen == NO_ACTION
    assert {e.stage for e in decision.exclusions} == {"unreadable"}


def test_a_request_id_used_before_is_the_callers_business():
    with pytest.raises(ConflictError):
        decide(a_request(), ports=_ports(ListLog(failures=[ConflictError("used")])), now=NOON)


def test_a_customer_nobody_knows_is_answered():
    unknown = a_customer(features={})
    assert _consider(customer=unknown).chosen == "loan"
