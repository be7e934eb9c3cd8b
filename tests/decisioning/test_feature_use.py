"""A feature serves a purpose: where the customer does not allow it, no decision looks at it."""

import pytest

from builders import FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.catalog import Channel, ContactPolicy, Hold
from decisioning.customer import ConsentState
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.feature_use import may_use

SAYS = FixedScorer(dict.fromkeys(("card", "loan", "fund"), (0.3, 0.2)))
PURPOSES = {"marketing": ("age", "income"), "profiling": ("visits",)}
KNOWN = {"age": 40.0, "income": 9.0, "visits": 3.0, "tenure": 1.0}


def decided(answers: dict, *, request=None, purposes=PURPOSES, **catalog):
    customer = a_customer(features=KNOWN, purposes=purposes, consent=ConsentState(answers))
    return consider(request or a_request(), customer, catalog=compile_catalog(a_catalog(**catalog)), scorer=SAYS)


def test_without_a_no_everything_is_looked_at_where_silence_is_consent():
    assert decided({}).features == KNOWN


def test_a_no_takes_the_features_of_its_purpose_away_and_no_others():
    assert decided({("profiling", ""): False}).features == {**KNOWN, "visits": None}
    assert decided({("marketing", "web"): False}).features == {**KNOWN, "age": None, "income": None}
    assert decided({("marketing", "email"): False}).features == KNOWN


def test_a_no_for_all_channels_is_not_undone_by_a_yes_for_one():
    assert decided({("marketing", ""): False, ("marketing", "web"): True}).features["age"] is None


def test_where_a_channel_needs_a_yes_silence_takes_features_away():
    mail = a_request(placement="mail", channel="email")
    assert decided({}, request=mail).features == {**KNOWN, "age": None, "income": None}
    assert decided({("marketing", "email"): True}, request=mail).features == KNOWN


def test_a_purpose_that_the_catalogue_frees_of_consent_still_obeys_a_no():
    free = {"marketing": False, "profiling": False}
    catalog = a_catalog(purposes=free)
    email = Channel("email", outbound=True, consent="opt_in")
    assert may_use(ConsentState(), purpose="marketing", channel=email, catalog=catalog)
    assert not may_use(ConsentState({("marketing", ""): False}), purpose="marketing", channel=email, catalog=catalog)


def test_even_a_channel_without_consent_obeys_a_no():
    web = Channel("web", consent="none")
    assert may_use(ConsentState(), purpose="marketing", channel=web, catalog=a_catalog())
    said_no = ConsentState({("marketing", "web"): False})
    assert not may_use(said_no, purpose="marketing", channel=web, catalog=a_catalog())


@pytest.mark.parametrize("purpose", ["profiling", "service"])
def test_the_catalogue_can_ask_consent_for_the_purposes_of_standard_features(purpose):
    email = Channel("email", consent="opt_in")
    assert may_use(ConsentState(), purpose=purpose, channel=email, catalog=a_catalog())
    assert not may_use(ConsentState(), purpose=purpose, channel=email, catalog=a_catalog(purposes={purpose: True}))


def test_a_feature_of_two_purposes_needs_both():
    both = {"marketing": ("stage",), "profiling": ("stage",)}
    assert decided({("profiling", ""): False}, purposes=both).features["stage"] is None
    assert decided({("marketing", ""): False}, purposes=both).features["stage"] is None


def test_a_condition_on_what_may_not_be_looked_at_is_not_true_and_a_hold_on_it_holds():
    answers = {("marketing", ""): False}
    served = {"purpose": "service"}
    actions = [an_action("card", eligibility="age > 18", **served), an_action("loan", **served)]
    decision = consider(
        a_request(),
        a_customer(features=KNOWN, purposes=PURPOSES, consent=ConsentState(answers)),
        catalog=compile_catalog(a_catalog(*actions, purposes={"service": False})),
        scorer=SAYS,
    )
    assert {each.action: each.stage for each in decision.exclusions} == {"card": "eligibility"}
    held = ContactPolicy(holds=(Hold("quiet", "visits > 100"),))
    quiet = consider(
        a_request(),
        a_customer(features=KNOWN, purposes=PURPOSES, consent=ConsentState({("profiling", ""): False})),
        catalog=compile_catalog(a_catalog(contact_policy=held)),
        scorer=SAYS,
    )
    assert {each.stage for each in quiet.exclusions} == {"hold"}
