import pytest

from builders import a_catalog
from decisioning.catalog import Channel
from decisioning.consent import allows, consented
from decisioning.customer import ConsentState

EMAIL = Channel("email", outbound=True, consent="opt_in")
WEB = Channel("web", consent="opt_out")


@pytest.mark.parametrize(
    ("answers", "channel", "expected"),
    [
        ({}, EMAIL, False),
        ({}, WEB, True),
        ({("marketing", "email"): True}, EMAIL, True),
        ({("marketing", ""): True}, EMAIL, True),
        ({("marketing", ""): True, ("marketing", "email"): False}, EMAIL, False),
        ({("marketing", ""): False, ("marketing", "email"): True}, EMAIL, False),
        ({("marketing", ""): False}, WEB, False),
        ({("service", ""): False}, WEB, True),
        ({("marketing", "web"): True}, EMAIL, False),
        ({("marketing", ""): False}, Channel("letter", consent="none"), False),
        ({}, Channel("letter", consent="none"), True),
    ],
)
def test_a_no_always_wins_and_opt_in_needs_a_yes(answers, channel, expected):
    assert allows(ConsentState(answers), purpose="marketing", channel=channel) is expected


def test_a_purpose_declared_free_of_consent_is_allowed_and_an_undeclared_one_is_not():
    catalog = a_catalog(purposes={"service": False})
    assert consented(ConsentState(), purpose="service", channel=EMAIL, catalog=catalog)
    assert not consented(ConsentState(), purpose="research", channel=EMAIL, catalog=catalog)
