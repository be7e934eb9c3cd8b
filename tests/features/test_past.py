"""The past of a customer: what the ledger said then is what a ledger says that holds no more than was known then."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_builders import NOW, a_statement, an_event, an_identify, at
from ledger_histories import IDENTIFIERS, RULES, a_ledger, histories, take

from decisioning.customer import CustomerReference
from features.consent import ConsentBook
from features.golden_record import GoldenRecord
from features.identity import IdentityGraph
from features.identity_merge import MergeBook
from features.instant import from_us, to_us
from features.intake import Intake
from features.ledger import Ledger
from features.past import past_of
from features.rebuild import make_anew

REBUILD = partial(make_anew, rules=RULES)
ANA = CustomerReference("user_id", "u-1")


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def take_at(ledger, seconds, *events, **options):
    Intake(ledger, rules=RULES).accept(events, received_at=at(seconds), **options)


def fields(ledger, seconds, reference=ANA):
    with past_of(ledger, reference, at(seconds), rebuild=REBUILD) as past:
        profile = GoldenRecord(past).profile(past.customer_id)
        return {name: field.value for name, field in profile.fields.items()}


def test_the_past_is_what_was_known_then_and_not_what_was_known_later_of_then(ledger):
    take_at(ledger, 0, an_identify("m-1", {"city": "Ube"}, timestamp=at(-100).isoformat()))
    take_at(ledger, 50, an_identify("m-2", {"city": "Oka"}, timestamp=at(-90).isoformat()))
    assert [fields(ledger, seconds) for seconds in (-1, 0, 49, 50)] == [{}, *[{"city": "Ube"}] * 2, {"city": "Oka"}]


def test_of_declared_history_its_own_time_counts(ledger):
    take_at(ledger, 0, an_identify("m-1", {"city": "Ube"}, timestamp=at(-100).isoformat()), backfill=True)
    assert [fields(ledger, seconds) for seconds in (-101, -100)] == [{}, {"city": "Ube"}]


def test_before_a_merge_two_customers_were_two(ledger):
    take_at(ledger, 0, an_identify("m-1", {"city": "Ube"}), an_identify("m-2", {"age": 41}, userId="u-2"))
    pair = [("user_id", "u-1"), ("user_id", "u-2")]
    MergeBook(ledger).state([a_statement("1", "merge", pair, occurred_at=at(10))], received_at=at(10))
    assert [fields(ledger, seconds) for seconds in (9, 10)] == [{"city": "Ube"}, {"age": 41, "city": "Ube"}]


def test_before_an_identifier_was_shared_by_too_many_they_were_one(ledger):
    phone = {"phone": "+34600112233"}
    told = [an_identify(f"m-{n}", phone | {"n": n}, userId=f"u-{n}", timestamp=at(n).isoformat()) for n in (1, 2, 3)]
    for n, event in enumerate(told):
        take_at(ledger, 10 * n, event)
    assert [fields(ledger, seconds)["n"] for seconds in (9, 10, 19, 20)] == [1, 2, 2, 1]


def test_a_customer_id_of_today_leads_to_whoever_had_its_earliest_record_then(ledger):
    take_at(ledger, 0, an_identify("m-2", {"city": "Ube"}, timestamp=at(-50).isoformat()))
    take_at(ledger, 10, an_event("m-1", anonymousId="a-1", timestamp=at(-90).isoformat()))
    today = CustomerReference("customer_id", IdentityGraph(ledger).resolve(ANA))
    with past_of(ledger, today, at(5), rebuild=REBUILD) as past:
        assert past.customer_id is not None
        assert past.customer_id != today.value
    assert fields(ledger, 5, today) == {"city": "Ube"}


def test_nobody_was_known_before_anything_was(ledger):
    with past_of(ledger, ANA, at(0), rebuild=REBUILD) as past:
        assert past.customer_id is None


def said(snapshots, customer_id):
    graph, book = IdentityGraph(snapshots), ConsentBook(snapshots)
    if customer_id is None:
        return None
    return graph.identifiers(customer_id), GoldenRecord(snapshots).profile(customer_id), book.history(customer_id)


@settings(max_examples=40)
@given(histories(), st.integers(0, 20), st.sampled_from(IDENTIFIERS))
def test_the_past_equals_a_ledger_that_ends_there(history, cut, identifier):
    """The other ledger took in nothing else, in the same order."""
    reference = CustomerReference(*identifier)
    with a_ledger() as whole, a_ledger() as ended:
        take(whole, history)
        moments = sorted({record.known_us for record in whole.records()})
        as_of = from_us(moments[min(cut, len(moments) - 1)]) if moments else NOW
        with whole.read() as connection:
            query = "SELECT kind, record_id FROM record WHERE known_us <= ?"
            known = set(connection.execute(query, (to_us(as_of),)))
        take(ended, [thing for thing in history if _key(thing) in known])
        with past_of(whole, reference, as_of, rebuild=REBUILD) as past:
            assert said(past, past.customer_id) == said(ended, IdentityGraph(ended).resolve(reference))


def _key(thing):
    kind, content = thing
    if kind == "event":
        return kind, content["messageId"]
    return (kind, content.decision_id) if kind == "decision" else _said_key(kind, content)


def _said_key(kind, content):
    return (content.verb, content.id) if kind == "statement" else (kind, content.outcome_id)
