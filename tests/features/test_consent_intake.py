"""One consent answer, taken in with its proof."""

from dataclasses import replace

import pytest
from ledger_builders import NOW, an_identify, at

from decisioning.customer import CustomerReference
from decisioning.errors import ConflictError, InvalidInputError, NotFoundError
from features.consent import ConsentBook
from features.consent_intake import ConsentIntake, GivenConsent
from features.intake import Intake
from features.ledger import Ledger

ANA = CustomerReference("user_id", "u-1")
YES = GivenConsent("k-1", ANA, "marketing", "email", granted=True, method="web form", text={"version": "2026-01"})


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def accept(ledger, given):
    return ConsentIntake(ledger, Intake(ledger)).accept(given, received_at=NOW)


def test_an_answer_is_kept_with_its_proof_also_of_somebody_new(ledger):
    customer_id = accept(ledger, YES).customer_id
    (consent,) = ConsentBook(ledger).history(customer_id)
    assert (consent.purpose, consent.channel, consent.granted, consent.stands) == ("marketing", "email", True, True)
    assert (consent.method, consent.text, consent.message_id) == ("web form", {"version": "2026-01"}, "k-1")
    assert consent.occurred_at == NOW


def test_sent_again_it_counts_once_and_with_another_content_it_is_a_conflict(ledger):
    first = accept(ledger, YES)
    assert accept(ledger, YES) == replace(first, duplicate=True)
    with pytest.raises(ConflictError, match="consent_id was used before") as refused:
        accept(ledger, replace(YES, granted=False))
    assert refused.value.field == "consent_id"
    assert ConsentBook(ledger).state(first.customer_id).answers == {("marketing", "email"): True}


def test_an_address_leads_to_the_customer_and_an_unknown_one_to_nobody(ledger):
    Intake(ledger).accept([an_identify("m-1", {"email": "ana@example.org", "email_verified": True})], received_at=NOW)
    by_mail = replace(YES, reference=CustomerReference("email", "Ana@Example.org"), granted=False)
    assert ConsentBook(ledger).state(accept(ledger, by_mail).customer_id).answers == {("marketing", "email"): False}
    with pytest.raises(NotFoundError, match="no user id and no anonymous id is recorded of this email"):
        accept(ledger, replace(by_mail, reference=CustomerReference("email", "eve@example.org")))


def test_an_answer_of_tomorrow_is_refused(ledger):
    with pytest.raises(InvalidInputError) as refused:
        accept(ledger, replace(YES, occurred_at=at(86_400)))
    assert refused.value.code == "future_timestamp"
