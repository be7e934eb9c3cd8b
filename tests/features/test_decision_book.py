from dataclasses import replace

import pytest
from as_logged import as_logged
from ledger_builders import NOW, a_catalog, a_decision, a_ranked, an_event, at

from decisioning.catalog import Cap, ContactPolicy
from decisioning.contact_policy import limits
from decisioning.customer import CustomerReference
from decisioning.errors import ConflictError, StaleContactsError
from features.contacts import ContactBook
from features.decision_book import DecisionBook
from features.decision_met import met_by
from features.identity import IdentityGraph, unknown_customer_id
from features.instant import to_us
from features.intake import Intake
from features.ledger import Ledger
from features.rebuild import rebuild
from features.record import facts_in

USER = CustomerReference("user_id", "u-1")


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture
def book(ledger):
    return DecisionBook(ledger, a_catalog())


def history(ledger, reference=USER, now=NOW):
    customer_id = IdentityGraph(ledger).resolve(reference)
    return ContactBook(ledger).history(customer_id or "", at(-86_400), now)


def test_a_decision_reads_back_as_an_equal_object(book):
    decision = a_decision(
        ranked=(a_ranked(uplift=0.1 + 0.2), a_ranked(rank=2, action="loan", reasons=())),
        scores={"card": (1e-300, None, -0.0), "loan": (0.1, 2 / 3, 1.0)},
    )
    assert as_logged(decision) == decision
    book.record(decision).result()
    assert book.find("d-1") == decision
    assert book.find("d-2") is None


def test_a_decision_is_found_by_how_its_request_id_begins(book):
    for name in ("june:c_2", "june:c_1", "june:d", "junf:c_1", "june"):
        book.record(a_decision(name, request_id=name, ranked=())).result()
    assert book.one_of("june:c_").request_id == "june:c_1"
    assert book.one_of("july:c_") is None


def test_a_decision_is_found_by_the_request_that_it_answered(book):
    decision = a_decision(request_id="june:1")
    book.record(decision).result()
    assert book.that_answers("june:1") == decision
    assert book.that_answers("june") is None


def test_an_answer_is_given_again_byte_for_byte(book):
    book.record(a_decision(), answer=b'{"rank": 1.10}', body_hash="abc").result()
    assert book.answer_for("r-1") == ("abc", b'{"rank": 1.10}')
    assert book.answer_for("r-2") is None


def test_a_request_is_decided_once(book, ledger):
    book.record(a_decision()).result()
    repeated = a_decision("2", request_id="r-1", contacts_version=1)
    with pytest.raises(ConflictError, match="r-1"):
        book.record(repeated).result()
    with pytest.raises(ConflictError, match="d-1"):
        book.record(a_decision("1", request_id="r-2", contacts_version=1)).result()
    with pytest.raises(ConflictError):
        book.record_many([a_decision("3"), repeated])
    assert [record.record_id for record in ledger.records()] == ["d-1"]


def test_two_decisions_from_the_same_contacts_do_not_both_stand(book, ledger):
    futures = [book.record(a_decision(str(n))) for n in range(5)]
    refused = [future.exception() for future in futures]
    assert refused[0] is None
    assert all(isinstance(error, StaleContactsError) for error in refused[1:])
    assert len(history(ledger).contacts) == 1
    book.record(a_decision("9", contacts_version=history(ledger).version)).result()


@pytest.mark.parametrize("read", [0, 2, 7])
def test_a_decision_from_any_other_version_of_the_contacts_is_stale(book, ledger, read):
    book.record(a_decision("1")).result()
    assert history(ledger).version == 1
    with pytest.raises(StaleContactsError, match=f"at version 1, the decision was made from version {read}"):
        book.record(a_decision("2", contacts_version=read)).result()


def test_identifiers_of_one_value_and_two_kinds_are_two_customers(book, ledger):
    visitor = CustomerReference("anonymous_id", "u-1")
    for number, reference in enumerate((USER, visitor)):
        book.record(a_decision(f"{number}", reference=reference)).result()
    assert IdentityGraph(ledger).resolve(USER) != IdentityGraph(ledger).resolve(visitor)
    assert [len(history(ledger, reference).contacts) for reference in (USER, visitor)] == [1, 1]


def test_an_event_may_have_the_id_of_a_decision(book, ledger):
    Intake(ledger).accept([an_event("d-1", userId="u-1")], received_at=NOW)
    book.record(a_decision("1")).result()
    assert len(history(ledger).contacts) == 1


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_whichever_of_two_decisions_was_made_first_names_the_customer_as_a_rebuild_does(book, ledger, seconds):
    def identifiers():
        with ledger.read() as connection:
            return connection.execute("SELECT kind, value, customer_id, first_us, first_id FROM identifier").fetchall()

    book.record(a_decision("1")).result()
    book.record(a_decision("2", decided_at=at(seconds), contacts_version=1)).result()
    before = identifiers()
    assert [row[3] for row in before] == [to_us(at(min(seconds, 0)))]
    rebuild(ledger)
    assert identifiers() == before


def test_a_merge_makes_what_was_read_before_it_stale(book, ledger):
    visitor = CustomerReference("anonymous_id", "a-1")
    book.record(a_decision("1")).result()
    book.record(a_decision("2", reference=visitor)).result()
    read = history(ledger).version
    Intake(ledger).accept([an_event("m-1", anonymousId="a-1")], received_at=NOW)
    assert len(history(ledger).contacts) == 2
    with pytest.raises(StaleContactsError):
        book.record(a_decision("3", contacts_version=read)).result()


def test_a_reservation_counts_until_it_expires(book, ledger):
    book.record(a_decision()).result()
    (contact,) = history(ledger).contacts
    assert (contact.action, contact.group, contact.channel, contact.at) == ("card", "cards", "web", NOW)
    assert contact.expires_at == at(1800)
    assert len(history(ledger, now=at(1799)).contacts) == 1
    assert len(history(ledger, now=at(1800)).contacts) == 0


def test_what_others_decided_since_this_decision_began_counts_too(book, ledger):
    book.record(a_decision()).result()
    seen = history(ledger, now=at(-1))
    assert (len(seen.contacts), seen.version) == (1, 1)


@pytest.mark.parametrize(
    ("placement", "channel", "treatment"), [("inbox", "email", "mail"), ("strip", "web", "banner")]
)
def test_outbound_and_implied_impressions_are_confirmed_at_once(book, ledger, placement, channel, treatment):
    ranked = (a_ranked(channel=channel, treatment=treatment),)
    book.record(a_decision(placement=placement, channel=channel, ranked=ranked)).result()
    (contact,) = history(ledger, now=at(80_000)).contacts
    assert (contact.at, contact.expires_at) == (NOW, None)
    (fact,) = ledger.facts_of(IdentityGraph(ledger).resolve(USER))
    said = {"action": "card", "group": "cards", "channel": channel, "treatment": treatment}
    assert (fact.type, fact.name, fact.properties) == ("outcome", "impression", said)
    assert fact.occurred_us == to_us(NOW)


def test_what_is_put_off_counts_from_when_it_goes_out_and_a_rebuild_knows_it(book, ledger):
    mail = a_ranked(treatment="mail", channel="email", send_at=at(50_000))
    book.record(a_decision(placement="inbox", channel="email", ranked=(mail,))).result()
    kept = [contact.at for contact in history(ledger).contacts]
    rebuild(ledger)
    assert kept == [contact.at for contact in history(ledger).contacts] == [at(50_000)]
    cap = ContactPolicy(caps=(Cap("channel", 1, per="day"),))
    left = [limits(cap, history(ledger), now=at(seconds)) for seconds in (0, 50_001, 50_000 + 2 * 86_400)]
    assert [bool(each.exhausted([(0, "email")])) for each in left] == [True, True, False]


def test_doing_nothing_reserves_nothing(book, ledger):
    book.record(a_decision(chosen="no_action", ranked=())).result()
    assert (history(ledger).contacts, history(ledger).version) == ([], 0)


def test_a_decision_makes_an_unknown_customer_under_the_id_it_was_decided_for(book, ledger):
    stranger = CustomerReference("email", "Ana@Example.org")
    book.record(a_decision(reference=stranger)).result()
    customer_id = IdentityGraph(ledger).resolve(stranger)
    assert customer_id == unknown_customer_id(stranger)
    assert [record.record_id for record in ledger.records_of(customer_id)] == ["d-1"]


def test_a_decision_for_a_customer_id_is_the_customers(book, ledger):
    Intake(ledger).accept([an_event("m-1")], received_at=NOW)
    customer_id = IdentityGraph(ledger).resolve(USER)
    book.record(a_decision(reference=CustomerReference("customer_id", customer_id))).result()
    assert len(history(ledger).contacts) == 1
    assert [record.kind for record in ledger.records_of(customer_id)] == ["event", "decision"]


@pytest.mark.parametrize("first", ["user_id", "anonymous_id"])
def test_a_decision_for_a_customer_id_is_made_for_the_customers_earliest_identifier(ledger, first):
    """So a split that follows leaves it with whom the customer was named after."""
    names = {"user_id": "userId", "anonymous_id": "anonymousId"}
    for kind, name in names.items():
        moment = at(-100 if kind == first else -50)
        event = an_event(f"m-{kind}", timestamp=moment.isoformat(), **{"userId": ..., name: "x-1"})
        Intake(ledger).accept([event], received_at=moment)
    Intake(ledger).accept([an_event("m-3", userId="x-1", anonymousId="x-1")], received_at=NOW)
    customer_id = IdentityGraph(ledger).resolve(CustomerReference("user_id", "x-1"))
    with ledger.read() as connection:
        met = met_by(connection, a_decision(reference=CustomerReference("customer_id", customer_id)))
    assert met.home == (first, "x-1")


def test_a_customer_id_that_nobody_has_is_limited_like_any_other(book, ledger):
    reference = CustomerReference("customer_id", "c_ffffffffffffffff")
    book.record(a_decision("1", reference=reference)).result()
    with pytest.raises(StaleContactsError):
        book.record(a_decision("2", reference=reference)).result()
    assert history(ledger, reference).version == 1


def test_many_decisions_are_recorded_at_once(book, ledger):
    decisions = [replace(a_decision(str(n)), decided_at=at(n)) for n in range(20)]
    book.record_many(decisions)
    assert [book.find(decision.decision_id) for decision in decisions] == decisions
    assert len(history(ledger, now=at(60)).contacts) == 20


def test_only_decisions_that_imply_an_impression_tell_features_anything(ledger):
    book = DecisionBook(ledger, a_catalog())
    book.record_many([a_decision("plain"), a_decision("implied", placement="strip")])
    assert [record.record_id for record in ledger.telling(0, ledger.last_seq())] == ["d-implied"]
    assert [ledger.tells(after, until) for after, until in ((0, 1), (1, 2), (2, 9))] == [False, True, False]
    said = [record.record_id for record in ledger.records() if facts_in(record)]
    assert said == ["d-implied"]
