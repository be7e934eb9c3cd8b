import pytest
from ledger_builders import NOW, an_event, at

from decisioning.customer import CustomerReference
from features.consent import ConsentBook
from features.identity import IdentityGraph
from features.intake import Intake
from features.ledger import Ledger


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def a_consent(message_id, granted, seconds=-60, channel=None, **changes):
    answer = {"purpose": "marketing", "granted": granted} | ({"channel": channel} if channel else {})
    stamp = {"timestamp": at(seconds).isoformat()}
    return an_event(message_id, event="Consent Updated", properties=answer, **stamp, **changes)


def answers(ledger, *events):
    Intake(ledger).accept(events, received_at=NOW)
    return ConsentBook(ledger).state(IdentityGraph(ledger).resolve(CustomerReference("user_id", "u-1"))).answers


def test_the_newest_answer_stands_however_it_arrives(ledger):
    newest, older = a_consent("m-1", False, -10), a_consent("m-2", True, -20)
    assert answers(ledger, newest, older) == {("marketing", ""): False}


def test_each_channel_has_its_own_answer(ledger):
    assert answers(ledger, a_consent("m-1", True), a_consent("m-2", False, channel="email")) == {
        ("marketing", ""): True,
        ("marketing", "email"): False,
    }


def test_a_no_by_any_identifier_of_the_customer_is_the_customers(ledger):
    yes = a_consent("m-1", True, -20)
    no = a_consent("m-2", False, -10, userId=..., anonymousId="a-1")
    assert answers(ledger, yes, no) == {("marketing", ""): True}
    assert answers(ledger, an_event("m-3", anonymousId="a-1")) == {("marketing", ""): False}


def test_a_page_that_is_named_like_a_consent_is_none(ledger):
    page = an_event("m-1", event=..., type="page", name="Consent Updated", properties={})
    assert answers(ledger, page) == {}
