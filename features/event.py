"""Events: what a customer did or what happened to them, parsed from the Segment spec.

An event keeps the body it came with, so that the ledger stores what was sent and not our reading of it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from features.event_body import body_of, made_up_id
from features.identifier import Identifier
from features.rejection import RejectedEventError, shown
from features.segment import EVENT_TYPES, identifiers_of, name_of, properties_of, text_of
from features.timestamp import moment_of, occurred_at_of


class Event(NamedTuple):
    """One thing that happened; a tuple, because a load makes millions.

    Parameters: `type`, one of `EVENT_TYPES`; `name`, the track event, page or screen ("" where it has none);
    `identifiers`, strong ones only, strongest first; `properties`, an identify's traits; `body`, as sent, JSON.
    """

    message_id: str
    type: str
    name: str
    identifiers: tuple[Identifier, ...]
    occurred_at: datetime
    received_at: datetime
    properties: Mapping[str, Any]
    source: str = "http"
    body: bytes = b""


def parse_event(
    raw: Mapping[str, Any],
    *,
    received_at: datetime,
    sent_at: datetime | None = None,
    source: str = "http",
    trust_email: bool = False,
    country: str = "",
    correct_clock: bool = True,
    line: bytes = b"",
) -> Event:
    """Read one event of the Segment spec.

    `occurred_at = timestamp + (received_at − sentAt)` where `sentAt` is given by the event or its batch, else
    `timestamp`, else `received_at`.

    Parameters: `received_at`, aware; `trust_email`, take an e-mail address as a strong identifier even where
    `traits.email_verified` is not true; `country`, of national phone numbers whose traits name none; `correct_clock`,
    false for a backfill, whose `sentAt` says nothing of today; `line`, the JSON that `raw` was read from, where it was.
    Raises: `RejectedEventError` with code, field and what is allowed.

    >>> from datetime import UTC
    >>> parse_event({"type": "track", "event": "Product Viewed", "userId": "u-1", "messageId": "m-1",
    ...              "timestamp": "2026-03-01T10:00:00Z"}, received_at=datetime(2026, 3, 1, 11, tzinfo=UTC)).name
    'Product Viewed'
    """
    body = body_of(raw, line)
    event_type = raw.get("type")
    if event_type not in EVENT_TYPES:
        allowed = ", ".join(EVENT_TYPES)
        raise RejectedEventError("unknown_type", "type", f"type is {shown(event_type)}; allowed: {allowed}")
    sent_at = (moment_of(raw.get("sentAt"), "sentAt") or sent_at) if correct_clock else None
    occurred_at = occurred_at_of(raw.get("timestamp"), received_at=received_at, sent_at=sent_at)
    return _event(raw, body, (occurred_at, received_at), source=source, trust_email=trust_email, country=country)


def reparse_event(
    body: bytes,
    *,
    occurred_at: datetime,
    received_at: datetime,
    source: str,
    trust_email: bool = False,
    country: str = "",
) -> Event:
    """The event of a body from the ledger, with the times that were settled when it arrived."""
    return _event(
        orjson.loads(body), body, (occurred_at, received_at), source=source, trust_email=trust_email, country=country
    )


def _event(
    raw: Mapping[str, Any],
    body: bytes,
    times: tuple[datetime, datetime],
    *,
    source: str,
    trust_email: bool,
    country: str,
) -> Event:
    event_type = raw["type"]
    name = name_of(raw, event_type)
    properties = properties_of(raw, event_type, name)
    return Event(
        text_of(raw, "messageId") or made_up_id(raw),
        event_type,
        name,
        identifiers_of(raw, event_type, properties, trust_email=trust_email, country=country),
        *times,
        properties,
        source,
        body,
    )
