from datetime import timedelta

import pytest
from ledger_builders import NOW, a_statement, an_event, an_identify, at

from decisioning.customer import CustomerReference
from decisioning.errors import ConflictError, InvalidInputError
from features.identity import IdentityGraph
from features.identity_merge import MergeBook, named_identifier
from features.identity_statement import OPERATOR
from features.intake import Intake
from features.ledger import Ledger
from features.record import LINK, MERGE

ANA, BEA, WEB = ("user_id", "u-1"), ("user_id", "u-2"), ("anonymous_id", "a-1")


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        Intake(opened).accept(
            [an_event("m-1", timestamp=at(-90).isoformat()), an_event("m-2", userId="u-2")], received_at=NOW
        )
        yield opened


def say(ledger, name, verb, *pair, **changes):
    return MergeBook(ledger).state([a_statement(name, verb, pair, **changes)], received_at=NOW)


def who(ledger, identifier):
    return IdentityGraph(ledger).customer_of(identifier)


def test_a_merge_joins_two_customers_under_the_id_of_the_earliest_record(ledger):
    ana, bea = who(ledger, ANA), who(ledger, BEA)
    assert say(ledger, "1", "merge", BEA, ANA).accepted == 1
    assert who(ledger, BEA) == who(ledger, ANA) == ana
    assert IdentityGraph(ledger).resolve(CustomerReference("customer_id", bea)) == ana
    assert {record.record_id for record in ledger.records_of(ana) if record.kind == "event"} == {"m-1", "m-2"}


def test_an_unmerge_beats_what_records_name_together_until_a_later_merge(ledger):
    Intake(ledger).accept([an_event("m-3", anonymousId="a-1")], received_at=NOW)
    assert who(ledger, WEB) == who(ledger, ANA)
    say(ledger, "1", "unmerge", WEB, ANA)
    Intake(ledger).accept([an_event("m-4", anonymousId="a-1")], received_at=NOW)
    assert who(ledger, WEB) is None
    say(ledger, "2", "merge", WEB, ANA, occurred_at=at(1))
    assert who(ledger, WEB) == who(ledger, ANA)


def test_after_an_unmerge_two_stay_apart_whatever_else_connects_them(ledger):
    say(ledger, "1", "unmerge", ANA, BEA)
    shared = {"phone": "+34600112233"}
    Intake(ledger).accept([an_identify("i-1", shared), an_identify("i-2", shared, userId="u-2")], received_at=NOW)
    assert who(ledger, ANA) == who(ledger, ("phone", "+34600112233")) != who(ledger, BEA)


def test_the_last_word_counts_by_its_time_and_not_by_its_arrival(ledger):
    say(ledger, "late", "unmerge", ANA, BEA, occurred_at=at(5))
    say(ledger, "early", "merge", ANA, BEA)
    assert who(ledger, ANA) != who(ledger, BEA)


def test_the_same_statement_twice_is_one(ledger):
    say(ledger, "1", "merge", ANA, BEA)
    assert say(ledger, "1", "merge", ANA, BEA).duplicates == 1
    assert len(list(ledger.records(kinds=(MERGE, LINK)))) == 2


def test_an_id_cannot_mean_two_things(ledger):
    say(ledger, "1", "merge", ANA, BEA)
    with pytest.raises(ConflictError, match="'s-1' was said before"):
        say(ledger, "1", "merge", ANA, WEB)


def test_a_statement_keeps_who_said_it_why_and_on_what_evidence(ledger):
    told = {"weight": 7.5, "evidence": {"surname": 0.98}, "said_by": "matching", "reason": "alike"}
    say(ledger, "1", "merge", ANA, BEA, **told)
    (said,) = MergeBook(ledger).statements()
    assert said == a_statement("1", "merge", (ANA, BEA), **told)


def test_a_statement_without_an_id_has_one_of_its_content():
    one = a_statement("", "merge", (ANA, BEA), statement_id="")
    other = a_statement("", "merge", (BEA, ANA), statement_id="")
    assert one.id == other.id != a_statement("", "unmerge", (ANA, BEA), statement_id="").id


def test_a_former_id_names_what_was_its_own(ledger):
    ana, bea = who(ledger, ANA), who(ledger, BEA)
    say(ledger, "1", "merge", ANA, BEA)
    with ledger.read() as connection:
        assert named_identifier(connection, CustomerReference("customer_id", ana)) == ANA
        assert named_identifier(connection, CustomerReference("customer_id", bea)) == BEA
        assert named_identifier(connection, CustomerReference("customer_id", "c_0")) is None


@pytest.mark.parametrize(
    ("pair", "changes", "told"),
    [
        ((ANA, ANA), {}, "the same identifier; name two"),
        ((ANA, ("fax", "1")), {}, "other is not an identifier: kind is one of user_id"),
        ((ANA, ("phone", "")), {}, "value has 1 to 256 characters"),
        ((ANA, ("phone", "1" * 257)), {}, "value has 1 to 256 characters"),
        ((ANA, BEA), {"reason": " "}, "reason is a text of 1 to 500 characters"),
        ((ANA, BEA), {"said_by": ""}, "said_by is a text"),
        ((ANA, BEA), {"weight": float("nan")}, "weight is nan; a finite number"),
        ((ANA, BEA), {"occurred_at": NOW.replace(tzinfo=None)}, "needs a UTC offset"),
        ((ANA, BEA), {"occurred_at": NOW + timedelta(hours=1)}, "at most 300 s ahead of now"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_kept(ledger, pair, changes, told):
    sound = a_statement("0", "merge", (ANA, BEA), said_by=OPERATOR)
    with pytest.raises(InvalidInputError, match=told):
        MergeBook(ledger).state([sound, a_statement("1", "merge", pair, **changes)], received_at=NOW)
    assert MergeBook(ledger).statements() == []
