import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from features.event import parse_event, reparse_event
from features.rejection import RejectedEventError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_track(**changes):
    event = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": "m-1",
        "userId": "u-1",
        "timestamp": "2026-03-01T11:00:00Z",
        "properties": {"product": "loan"},
    }
    return {key: value for key, value in {**event, **changes}.items() if value is not ...}


def an_identify(**traits):
    return {"type": "identify", "messageId": "m-2", "userId": "u-1", "anonymousId": "a-1", "traits": traits}


def parsed(raw, **options):
    return parse_event(raw, received_at=NOW, **options)


def test_a_track_event_keeps_its_name_properties_and_time():
    event = parsed(a_track())
    assert (event.message_id, event.type, event.name) == ("m-1", "track", "Product Viewed")
    assert event.properties == {"product": "loan"}
    assert event.occurred_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert event.identifiers == (("user_id", "u-1"),)


@pytest.mark.parametrize(
    ("raw", "code", "field"),
    [
        (a_track(type="tarck"), "unknown_type", "type"),
        (a_track(type=["track"]), "unknown_type", "type"),
        (a_track(userId=...), "missing_field", "userId"),
        (a_track(event=...), "missing_field", "event"),
        (a_track(event={"a": 1}), "wrong_type", "event"),
        (a_track(userId=True), "wrong_type", "userId"),
        (a_track(userId="u" * 257), "too_long", "userId"),
        (a_track(properties=["loan"]), "wrong_type", "properties"),
        (a_track(timestamp="yesterday"), "invalid_timestamp", "timestamp"),
        (a_track(timestamp=1_700_000_000), "invalid_timestamp", "timestamp"),
        (a_track(timestamp="2026-03-01T11:00:00"), "naive_timestamp", "timestamp"),
        (a_track(sentAt="2026-03-01T11:00:00"), "naive_timestamp", "sentAt"),
        (a_track(timestamp="2026-03-01T12:05:01Z"), "future_timestamp", "timestamp"),
        (a_track(timestamp="9999-12-31T23:59:59Z", sentAt="0001-01-01T00:00:00Z"), "invalid_timestamp", "timestamp"),
        (a_track(timestamp="0001-01-01T00:00:00+14:00"), "invalid_timestamp", "timestamp"),
        (a_track(timestamp="9999-12-31T23:59:59-14:00"), "invalid_timestamp", "timestamp"),
        (a_track(sentAt="9999-12-31T23:59:59-14:00"), "invalid_timestamp", "sentAt"),
        (a_track(properties={"price": [1.0, math.nan]}), "not_finite", "properties.price[1]"),
        (a_track(properties={"price": math.inf}), "not_finite", "properties.price"),
        (a_track(properties={"text": "x" * 33_000}), "too_large", ""),
        (a_track(properties={"blob": b"x"}), "invalid_json", ""),
        (a_track(properties={"text": "\ud800"}), "invalid_json", ""),
        ({"type": "alias", "userId": "u-1", "messageId": "m"}, "missing_field", "previousId"),
        (a_track(event="Consent Updated", properties={"purpose": "marketing", "granted": "yes"}), "invalid_property",
         "properties.granted"),
        (a_track(event="Consent Updated", properties={"granted": True}), "invalid_property", "properties.purpose"),
        (a_track(event="Survey Answered", properties={"nps": 11}), "invalid_property", "properties.nps"),
        (["track"], "not_an_object", ""),
    ],
)  # fmt: skip
def test_what_breaks_the_contract_is_refused_with_its_code_and_field(raw, code, field):
    with pytest.raises(RejectedEventError) as refused:
        parsed(raw)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_senders_clock_is_corrected_by_sent_at():
    wrong_by_a_day = a_track(timestamp="2026-02-28T11:00:00Z", sentAt="2026-02-28T12:00:00Z")
    assert parsed(wrong_by_a_day).occurred_at == NOW - timedelta(hours=1)
    of_the_batch = parsed(a_track(timestamp="2026-02-28T11:00:00Z"), sent_at=NOW - timedelta(days=1))
    assert of_the_batch.occurred_at == NOW - timedelta(hours=1)


def test_a_backfill_keeps_its_timestamps():
    old = a_track(timestamp="2025-02-28T11:00:00Z", sentAt="2025-02-28T12:00:00Z")
    assert parsed(old, correct_clock=False).occurred_at == datetime(2025, 2, 28, 11, tzinfo=UTC)


def test_times_of_any_offset_become_utc():
    event = parsed(a_track(timestamp="2026-03-01T13:00:00+02:00"))
    assert event.occurred_at == NOW - timedelta(hours=1)
    assert event.occurred_at.tzinfo is UTC
    at_offset = datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=2)))
    assert parsed(a_track(timestamp=at_offset.isoformat())).occurred_at == event.occurred_at


def test_without_a_timestamp_it_happened_when_it_was_received():
    assert parsed(a_track(timestamp=...)).occurred_at == NOW


@pytest.mark.parametrize("ahead", [1, 300])
def test_what_a_fast_clock_puts_ahead_happened_when_it_was_received(ahead):
    assert parsed(a_track(timestamp=(NOW + timedelta(seconds=ahead)).isoformat())).occurred_at == NOW


def test_without_a_message_id_the_same_content_has_the_same_id():
    first, again = parsed(a_track(messageId=...)), parsed(a_track(messageId=..., sentAt="2026-03-01T12:00:00Z"))
    assert first.message_id == again.message_id
    assert first.message_id != parsed(a_track(messageId=..., event="Product Added")).message_id


def test_only_a_verified_email_identifies_unless_the_workspace_trusts_it():
    unverified = an_identify(email="Ana@Example.org")
    assert ("email", "ana@example.org") not in parsed(unverified).identifiers
    assert ("email", "ana@example.org") in parsed(unverified, trust_email=True).identifiers
    assert ("email", "ana@example.org") in parsed(an_identify(email="Ana@Example.org", email_verified=True)).identifiers


def test_phone_and_loyalty_card_identify_in_their_normal_form():
    identifiers = parsed(an_identify(phone="0034 600 112 233", loyalty_id=77)).identifiers
    assert identifiers == (
        ("user_id", "u-1"),
        ("anonymous_id", "a-1"),
        ("loyalty_id", "77"),
        ("phone", "+34600112233"),
    )


def test_traits_of_an_identify_may_come_in_its_context():
    raw = {**an_identify(age=40), "context": {"traits": {"age": 39, "segment": "mass"}}}
    assert parsed(raw).properties == {"age": 40, "segment": "mass"}


def test_a_number_as_user_id_is_its_digits():
    assert parsed(a_track(userId=42)).identifiers == (("user_id", "42"),)


def test_a_body_from_the_ledger_reads_as_the_same_event():
    event = parsed(an_identify(phone="0034 600 112 233", age=40), source="file")
    again = reparse_event(event.body, occurred_at=event.occurred_at, received_at=NOW, source="file")
    assert again == event
