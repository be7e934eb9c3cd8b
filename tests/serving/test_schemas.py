from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisioning.customer import CustomerReference
from decisioning.errors import InvalidInputError
from serving.reading import read
from serving.schemas import BatchBody, DecisionBody, ExplanationBody, OutcomeBody, OutcomesBody

ASK = {"request_id": "r-1", "customer": {"user_id": "u-1"}, "placement": "web_home"}
OUTCOME = {
    "outcome_id": "o-1",
    "decision_id": "d-1",
    "action": "card",
    "treatment": "banner",
    "type": "click",
    "occurred_at": "2026-03-01T10:00:00+01:00",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


def refused(model, body, method="model_dump"):
    with pytest.raises(InvalidInputError) as raised:
        getattr(read(model, body), method)()
    return raised.value


def test_a_request_becomes_the_domains():
    request = read(DecisionBody, {**ASK, "context": {"a": 1, "b": True, "c": "x", "d": None}, "limit": 2}).requests()[0]
    assert request.customer == CustomerReference("user_id", "u-1")
    assert request.context == {"a": 1.0, "b": 1.0, "c": "x", "d": None}
    assert (request.limit, request.channel) == (2, "")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"request_id": ""}, "request_id"),
        ({"request_id": "x" * 129}, "request_id"),
        ({"request_id": "a\nb"}, "request_id"),
        ({"request_id": "a\x00"}, "request_id"),
        ({"request_id": 7}, "request_id"),
        ({"customer": {}}, "customer"),
        ({"customer": None}, "customer"),
        ({"customer": "u-1"}, "customer"),
        ({"customer": {"user_id": "u", "email": "a@b.c"}}, "customer"),
        ({"customer": {"user": "u"}}, "customer.user"),
        ({"placement": 3}, "placement"),
        ({"limit": 0}, "limit"),
        ({"limit": 1.0}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": "3"}, "limit"),
        ({"context": {"a b": 1}}, "context.(not a name)"),
        ({"context": {"a": [1]}}, "context.a"),
        ({"context": {"a": "x" * 257}}, "context.a"),
        ({"context": {f"a{n}": 1 for n in range(65)}}, "context"),
        ({"now": "2026-01-01T00:00:00Z"}, "now"),
    ],
)
def test_a_wrong_request_names_its_field(change, field):
    assert refused(DecisionBody, {**ASK, **change}, "requests").field == field


@pytest.mark.parametrize(
    ("change", "given"),
    [
        ({"limit": 0}, "greater than or equal to 1; given 0"),
        ({"explain": 101}, "less than or equal to 100; given 101"),
        ({"request_id": ""}, "at least 1 character; given 0 characters"),
        ({"request_id": "x" * 129}, "at most 128 characters; given 129 characters"),
        ({"request_id": "\n"}, "; given 1 character"),
    ],
)
def test_what_is_out_of_bounds_is_told_beside_the_bound(change, given):
    assert refused(DecisionBody, {**ASK, **change}).message.endswith(given)


def test_what_is_no_time_is_told_by_its_type():
    assert refused(OutcomeBody, {**OUTCOME, "occurred_at": 1772000000}).message.endswith("is needed; given an integer")


def test_an_unknown_field_is_told_what_is_allowed():
    assert "allowed are customer_id, user_id" in refused(DecisionBody, {**ASK, "customer": {"usr": "x"}}).message
    supposed = {"decision_id": "d_1", "what_if": {"channel": "email"}}
    assert "allowed are placement, features, context, levers" in refused(ExplanationBody, supposed).message


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"type": "impresion"}, "type", "invalid_input"),
        ({"occurred_at": "2026-03-01T10:00:00"}, "occurred_at", "naive_timestamp"),
        ({"occurred_at": "yesterday"}, "occurred_at", "invalid_timestamp"),
        ({"occurred_at": 1772000000}, "occurred_at", "invalid_timestamp"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at", "invalid_timestamp"),
        ({"amount": 12.5, "currency": "EUR"}, "amount", "invalid_input"),
        ({"amount": "1e5", "currency": "EUR"}, "amount", "invalid_input"),
        ({"amount": "NaN", "currency": "EUR"}, "amount", "invalid_input"),
        ({"amount": "12.50"}, "currency", "invalid_input"),
        ({"currency": "EUR"}, "amount", "invalid_input"),
        ({"amount": "12.50", "currency": "euro"}, "currency", "invalid_input"),
    ],
)
def test_a_wrong_outcome_names_its_field_and_code(change, field, code):
    error = refused(OutcomeBody, {**OUTCOME, **change}, "outcome")
    assert (error.field, error.code) == (field, code)


def test_an_outcome_becomes_the_domains_in_utc():
    outcome = read(OutcomeBody, {**OUTCOME, "amount": "12.50", "currency": "EUR"}).outcome()
    assert outcome.occurred_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert (outcome.amount, outcome.currency) == (12.5, "EUR")


def test_errors_never_repeat_what_was_given():
    error = refused(DecisionBody, {**ASK, "customer": {"email": ["ada@example.org"]}})
    assert "ada@" not in error.message


def test_the_envelope_of_a_sender_may_carry_more_than_we_know():
    envelope = read(BatchBody, {"batch": [1], "sentAt": "2026-03-01T10:00:00Z", "writeKey": "w", "integrations": {}})
    assert envelope.sentAt == datetime(2026, 3, 1, 10, tzinfo=UTC)


@given(JSON)
def test_any_json_is_a_request_or_the_one_error(value):
    for model in (DecisionBody, OutcomesBody, OutcomeBody, BatchBody):
        with suppress(InvalidInputError):
            read(model, value)
