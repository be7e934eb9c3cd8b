"""Law 7 for the golden record: whatever the order of arrival, and after a rebuild, every customer's profile and consent
are the same, and they are what a plain reading of that customer's records gives."""

import json
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_histories import IDENTIFIERS, RULES, a_ledger, histories, take

from decisioning.customer import CustomerReference
from features.consent import ConsentBook
from features.golden_record import GoldenRecord, GoldenRules
from features.identity import IdentityGraph
from features.rebuild import rebuild
from features.survivorship import Survivorship

CHOICES = st.sampled_from(["most_recent", "most_trusted", "most_frequent", "longest"])


def told(ledger, rule):
    """Profile and consent of everybody, by identifier."""
    golden = GoldenRecord(ledger, GoldenRules(survivorship=Survivorship(rule=rule)))
    graph, book = IdentityGraph(ledger), ConsentBook(ledger)
    found = {each: graph.resolve(CustomerReference(*each)) for each in IDENTIFIERS}
    return {each: (golden.profile(who).fields, book.history(who)) for each, who in found.items() if who}


@settings(max_examples=25, deadline=None)
@given(histories(), CHOICES, st.randoms(use_true_random=False))
def test_neither_the_order_of_arrival_nor_a_rebuild_changes_a_profile_or_a_consent(history, rule, random):
    with a_ledger() as one, a_ledger() as other:
        take(one, history)
        random.shuffle(history)
        take(other, history)
        before = told(one, rule)
        assert told(other, rule) == before
        rebuild(one, RULES)
        assert told(one, rule) == before


def plainly(ledger, customer_id):
    """The newest value of each trait, read straight from the customer's records, with every other one."""
    said = defaultdict(list)
    for record in ledger.records_of(customer_id):
        event = json.loads(record.body) if record.kind == "event" else {}
        traits = event["traits"] if event.get("type") == "identify" else {}
        for field, value in traits.items():
            said[field].append((record.occurred_us, record.record_id, value))
    return {field: [value for *_, value in sorted(values, reverse=True)] for field, values in said.items()}


@settings(max_examples=25, deadline=None)
@given(histories())
def test_a_profile_is_what_a_plain_reading_of_the_records_gives(history):
    with a_ledger() as ledger:
        take(ledger, history)
        for identifier in IDENTIFIERS:
            customer_id = IdentityGraph(ledger).resolve(CustomerReference(*identifier))
            if customer_id:
                fields = GoldenRecord(ledger).profile(customer_id).fields
                shown = {name: [field.raw, *(each.raw for each in field.losing)] for name, field in fields.items()}
                assert shown == plainly(ledger, customer_id)
