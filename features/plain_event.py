"""Plain events: views, clicks and whatever else says nothing but itself; read at a fraction of the cost of others.

Whatever is unusual about an event makes it no plain one: it is then read by `parse_event`, which knows all cases. A
test holds the two equal.
"""

from datetime import UTC, datetime
from typing import Any

from features.identifier import MAX_LENGTH
from features.instant import EPOCH
from features.record import timezone_of
from features.rejection import RejectedEventError
from features.segment import STANDARD_NAMES, SURVEY_ANSWERED, properties_of

PlainEvent = tuple[str, str, str, tuple[str, str], int, dict[str, Any], str]
"""(message_id, type, name, (user id, anonymous id), occurred_us, properties, time zone)"""
NAMED = {"track": "event", "page": "name", "screen": "name"}
"""By type, where the name stands."""


def plain_event(raw: Any, *, latest: datetime, correct_clock: bool) -> PlainEvent | None:
    """The event, where it is a plain one that nothing is wrong with.

    Parameters: `latest`, when it was received; `correct_clock`, an event that says when it was sent is not plain.
    """
    if type(raw) is not dict or (correct_clock and "sentAt" in raw):
        return None
    get = raw.get
    kind: Any = get("type")
    properties: Any = get("properties")
    named = NAMED.get(kind) if type(kind) is str else None
    if named is None or not (properties is None or type(properties) is dict):
        return None
    message_id, name, user, anonymous = get("messageId"), _text(get(named)), get("userId"), get("anonymousId")
    user, anonymous = user or _text(user), anonymous or _text(anonymous)
    if not type(message_id) is type(name) is type(user) is type(anonymous) is str:
        return None
    if len(message_id) > MAX_LENGTH or len(name) > MAX_LENGTH or len(user) > MAX_LENGTH or len(anonymous) > MAX_LENGTH:
        return None
    if not message_id or not (user or anonymous) or not (name or kind != "track"):
        return None
    if name in STANDARD_NAMES and not is_right_answer(raw, kind, name):
        return None
    occurred_us = _moment_us(get("timestamp"), latest)
    if occurred_us is None:
        return None
    timezone = timezone_of(raw) if "context" in raw else ""
    return message_id, kind, name, (user, anonymous), occurred_us, properties or {}, timezone


def is_right_answer(raw: dict[str, Any], kind: str, name: str) -> bool:
    """Whether it is an answer to a survey, which of the standard names alone says nothing but itself."""
    try:
        return name == SURVEY_ANSWERED and kind == "track" and properties_of(raw, kind, name) is not None
    except RejectedEventError:
        return False


def _text(given: Any) -> Any:
    return "" if given is None else given


def _moment_us(given: Any, latest: datetime) -> int | None:
    """Microseconds since the epoch of a moment in UTC that is over."""
    try:
        moment = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is not UTC or moment > latest:
        return None
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
