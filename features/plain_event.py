"""Plain events: views, clicks and whatever else says nothing but itself; read at a fraction of the cost of others.

Whatever is unusual about an event makes it no plain one: it is then read by `parse_event`, which knows all cases. A
test holds the two equal.
"""

from datetime import UTC, datetime
from typing import Any

from features.identifier import MAX_LENGTH
from features.instant import EPOCH
from features.record import timezone_of
from features.segment import STANDARD_NAMES

PlainEvent = tuple[str, str, str, tuple[str, str], int, dict[str, Any], str]
"""(message_id, type, name, (user id, anonymous id), occurred_us, properties, time zone)"""
_NAMED = {"track": "event", "page": "name", "screen": "name"}


def plain_event(raw: Any, *, latest: datetime, correct_clock: bool) -> PlainEvent | None:
    """The event, where it is a plain one that nothing is wrong with.

    Parameters: `latest`, when it was received; `correct_clock`, an event that says when it was sent is not plain.
    """
    if type(raw) is not dict or (correct_clock and "sentAt" in raw):
        return None
    get = raw.get
    kind: Any = get("type")
    properties: Any = get("properties")
    named = _NAMED.get(kind) if type(kind) is str else None
    if named is None or not (properties is None or type(properties) is dict):
        return None
    name, user, anonymous = get(named), get("userId"), get("anonymousId")
    texts: tuple[Any, ...] = (get("messageId"), _text(name), user or _text(user), anonymous or _text(anonymous))
    for text in texts:
        if type(text) is not str or len(text) > MAX_LENGTH:
            return None
    message_id, name, user, anonymous = texts
    if not message_id or name in STANDARD_NAMES or not (user or anonymous) or not (name or kind != "track"):
        return None
    occurred_us = _moment_us(get("timestamp"), latest)
    if occurred_us is None:
        return None
    timezone = timezone_of(raw) if "context" in raw else ""
    return message_id, kind, name, (user, anonymous), occurred_us, properties or {}, timezone


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
