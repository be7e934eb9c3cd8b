"""Timestamps at the border: read strictly, settled against the sender's clock, never naive, never far ahead."""

from datetime import UTC, datetime

from features.instant import MAX_AHEAD
from features.rejection import RejectedEventError, shown


def moment_of(value: object, key: str) -> datetime | None:
    """The aware moment, in UTC, that a field holds; None where it holds nothing.

    Raises: `RejectedEventError` with `invalid_timestamp` or `naive_timestamp`.
    """
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else _parsed(value, key)
    if moment.tzinfo is None:
        raise RejectedEventError("naive_timestamp", key, f"{key} is {shown(value)}; it needs a UTC offset or Z")
    return moment if moment.tzinfo is UTC else _in_utc(moment, key)


def _in_utc(moment: datetime, key: str) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        message = f"{key} is {moment.isoformat()}; in UTC that is no year from 1 to 9999"
        raise RejectedEventError("invalid_timestamp", key, message) from error


def _parsed(value: object, key: str) -> datetime:
    try:
        return datetime.fromisoformat(value)  # type: ignore[arg-type]  # whatever is no text is refused just below
    except (TypeError, ValueError) as error:
        allowed = "an ISO 8601 timestamp such as 2026-03-01T10:00:00Z"
        raise RejectedEventError("invalid_timestamp", key, f"{key} is {shown(value)}; {allowed} is allowed") from error


def occurred_at_of(timestamp: object, *, received_at: datetime, sent_at: datetime | None = None) -> datetime:
    """When an event happened: `timestamp + (received_at − sent_at)`, `timestamp`, or failing both `received_at`.

    What a fast clock puts up to 300 s ahead of `received_at` happened when it was received: nothing is known before it
    happens.
    Raises: `RejectedEventError`, with `future_timestamp` where that is more than 300 s after `received_at`.
    """
    occurred_at = moment_of(timestamp, "timestamp")
    if occurred_at is None:
        return received_at
    occurred_at = _corrected(occurred_at, received_at, sent_at) if sent_at else occurred_at
    if occurred_at <= received_at:
        return occurred_at
    if occurred_at - received_at > MAX_AHEAD:
        message = f"timestamp is {occurred_at.isoformat()}; at most {MAX_AHEAD.seconds} s ahead of now is allowed"
        raise RejectedEventError("future_timestamp", "timestamp", message)
    return received_at


def _corrected(occurred_at: datetime, received_at: datetime, sent_at: datetime) -> datetime:
    try:
        return occurred_at + (received_at - sent_at)
    except OverflowError as error:
        message = f"timestamp is {occurred_at.isoformat()}; it cannot be corrected by sentAt {sent_at.isoformat()}"
        raise RejectedEventError("invalid_timestamp", "timestamp", message) from error
