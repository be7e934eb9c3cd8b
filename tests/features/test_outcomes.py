import math
from datetime import timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_builders import NOW, a_catalog, a_decision, a_ranked, an_outcome, at

from decisioning.customer import CustomerReference
from features.contacts import ContactBook
from features.decision_book import DecisionBook
from features.identity import IdentityGraph
from features.instant import to_us
from features.ledger import Ledger
from features.outcomes import OutcomeBook
from features.rejects import RejectBook

LATER = at(90_000)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture
def decided(ledger):
    DecisionBook(ledger, a_catalog()).record(a_decision()).result()
    return ledger


def take(ledger, *outcomes):
    return OutcomeBook(ledger).accept(outcomes, received_at=LATER)


def history(ledger, now=LATER):
    customer_id = IdentityGraph(ledger).resolve(CustomerReference("user_id", "u-1"))
    return ContactBook(ledger).history(customer_id, at(-1), now)


def test_an_impression_confirms_its_reservation_from_when_it_was_shown(decided):
    assert take(decided, an_outcome(occurred_at=at(30))).accepted == 1
    (contact,) = history(decided).contacts
    assert (contact.at, contact.expires_at) == (at(30), None)


def test_the_earliest_of_several_impressions_counts(decided):
    take(decided, an_outcome("1", occurred_at=at(30)), an_outcome("2", occurred_at=at(20)))
    assert [contact.at for contact in history(decided).contacts] == [at(20)]


def test_what_a_fast_clock_puts_ahead_was_shown_when_it_was_received(decided):
    OutcomeBook(decided).accept([an_outcome(occurred_at=at(300))], received_at=at(20))
    assert [contact.at for contact in history(decided).contacts] == [at(20)]
    assert take(decided, an_outcome(occurred_at=at(300))).duplicates == 1


def test_an_impression_after_the_release_counts_and_is_said_to_be_late(decided):
    receipt = take(decided, an_outcome("1", occurred_at=at(1800)), an_outcome("2", occurred_at=at(1799)))
    assert (receipt.accepted, receipt.late_impressions) == (2, ("o-1",))
    assert len(history(decided).contacts) == 1


def test_answers_are_kept_for_rests_and_change_the_version(decided):
    before = history(decided).version
    take(decided, an_outcome(type="reject", occurred_at=at(40)))
    (answer,) = history(decided).answers
    assert (answer.action, answer.group, answer.type, answer.at) == ("card", "cards", "reject", at(40))
    assert history(decided).version > before


def test_an_outcome_may_leave_out_the_treatment_of_which_its_decision_has_one(decided):
    receipt = take(decided, an_outcome(type="reject", treatment=""))
    assert (receipt.accepted, receipt.rejected) == (1, ())
    (fact,) = decided.facts_of(IdentityGraph(decided).resolve(CustomerReference("user_id", "u-1")))
    assert fact.properties["treatment"] == "banner"


def test_what_does_not_look_like_a_name_is_not_repeated(decided):
    receipt = take(decided, an_outcome(action="ada@example.org"), an_outcome("2", treatment="ada@example.org"))
    assert ["ada" in why.message for why in receipt.rejected] == [False, False]


def test_an_outcome_sent_again_is_a_duplicate_and_with_another_body_a_conflict(decided):
    first = an_outcome(type="conversion", amount=12.5, currency="EUR")
    receipt = take(decided, first, first, an_outcome(type="conversion", amount=13.0, currency="EUR"))
    assert (receipt.accepted, receipt.duplicates) == (1, 1)
    assert [(why.index, why.code) for why in receipt.conflicts] == [(2, "conflict")]
    (record,) = decided.records(kinds=("outcome",))
    assert orjson.loads(record.body)["outcome"]["amount"] == 12.5


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"action": "loan"}, "unknown_action", "action"),
        ({"treatment": "mail"}, "unknown_treatment", "treatment"),
        ({"occurred_at": at(-1)}, "before_decision", "occurred_at"),
        ({"occurred_at": at(90_301)}, "future_timestamp", "occurred_at"),
        ({"occurred_at": NOW.replace(tzinfo=None)}, "naive_timestamp", "occurred_at"),
        ({"type": "purchase"}, "unknown_type", "type"),
        ({"amount": math.nan}, "not_finite", "amount"),
        ({"amount": -1e300}, "not_finite", "amount"),
        ({"outcome_id": ""}, "missing_field", "outcome_id"),
    ],
)
def test_what_cannot_be_is_refused_and_the_rest_kept(decided, changes, code, field):
    receipt = take(decided, an_outcome(**changes), an_outcome("2", type="click"))
    assert (receipt.accepted, receipt.quarantined) == (1, 0)
    assert [(why.index, why.code, why.field) for why in receipt.rejected] == [(0, code, field)]
    assert [(reject.source, reject.code) for reject in RejectBook(decided).newest()] == [("outcome", code)]


def test_an_outcome_told_to_the_second_of_its_decision_came_after_it(ledger):
    decided_at = NOW.replace(microsecond=517_709)
    DecisionBook(ledger, a_catalog()).record(a_decision(decided_at=decided_at)).result()
    second, before = decided_at.replace(microsecond=0), decided_at - timedelta(microseconds=1)
    receipt = take(ledger, an_outcome(occurred_at=second), an_outcome("2", type="click", occurred_at=before))
    assert [(why.index, why.code) for why in receipt.rejected] == [(1, "before_decision")]
    (record,) = ledger.records(kinds=("outcome",))
    assert record.occurred_us == to_us(decided_at)


def test_an_outcome_waits_for_its_decision(ledger):
    early = an_outcome(type="accept", occurred_at=at(30))
    receipt = take(ledger, early, early, an_outcome(type="reject"), an_outcome("2", action="loan"))
    assert (receipt.quarantined, receipt.duplicates, len(receipt.conflicts)) == (2, 1, 1)
    assert list(ledger.records()) == []
    DecisionBook(ledger, a_catalog()).record(a_decision()).result()
    assert [answer.type for answer in history(ledger).answers] == ["accept"]
    assert OutcomeBook(ledger).quarantined() == 0
    assert [(reject.source, reject.code) for reject in RejectBook(ledger).newest()] == [
        ("quarantine", "unknown_action")
    ]
    assert take(ledger, early).duplicates == 1


def test_an_outcome_is_a_fact_of_the_customer(decided):
    take(decided, an_outcome(type="accept", amount=3.0, currency="EUR"))
    (fact,) = decided.facts_of(IdentityGraph(decided).resolve(CustomerReference("user_id", "u-1")))
    assert (fact.type, fact.name) == ("outcome", "accept")
    assert fact.properties == {
        "action": "card",
        "group": "cards",
        "channel": "web",
        "treatment": "banner",
        "amount": 3.0,
    }


def test_an_impression_reported_where_it_is_implied_is_one_fact(ledger):
    DecisionBook(ledger, a_catalog()).record(a_decision(placement="strip")).result()
    take(ledger, an_outcome(occurred_at=at(5)))
    facts = ledger.facts_of(IdentityGraph(ledger).resolve(CustomerReference("user_id", "u-1")))
    assert [fact.name for fact in facts] == ["impression"]
    assert [contact.at for contact in history(ledger).contacts] == [NOW]


def test_declared_history_was_known_when_it_occurred(decided):
    OutcomeBook(decided).accept([an_outcome(type="click")], received_at=LATER, backfill=True)
    (record,) = decided.records(kinds=("outcome",))
    assert record.known_us == record.occurred_us


@pytest.mark.parametrize("backfill", [True, False])
def test_an_outcome_that_waited_for_its_decision_is_history_where_it_was_declared_so(ledger, backfill):
    OutcomeBook(ledger).accept([an_outcome(type="click")], received_at=LATER, backfill=backfill)
    DecisionBook(ledger, a_catalog()).record(a_decision()).result()
    (record,) = ledger.records(kinds=("outcome",))
    assert (record.known_us == record.occurred_us) is backfill


@settings(max_examples=10, deadline=None)
@given(st.permutations(["decision", "impression", "click", "accept", "late"]))
def test_out_of_order_ends_as_in_order(tmp_path_factory, order):
    with Ledger(tmp_path_factory.mktemp("ledger") / "ledger.db") as ledger:
        for name in order:
            if name == "decision":
                ranked = (a_ranked(), a_ranked(rank=2, action="loan"))
                DecisionBook(ledger, a_catalog()).record(a_decision(ranked=ranked)).result()
            else:
                kind, action = ("impression", "loan") if name == "late" else (name, "card")
                moment = {"impression": 5, "click": 6, "accept": 7, "late": 2000}[name]
                take(ledger, an_outcome(name, type=kind, action=action, occurred_at=at(moment)))
        found = history(ledger)
    assert [(contact.action, contact.at) for contact in found.contacts] == [("card", at(5)), ("loan", at(2000))]
    assert [answer.type for answer in found.answers] == ["click", "accept"]
    assert found.version == 5
