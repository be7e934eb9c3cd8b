"""What a row of an external table says, as an event of the Segment spec."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson

from features.external_record import ExternalEvents, ExternalProfiles
from pipelines.external.table import Row

PROFILE, EVENT = "golden-profile-", "golden-event-"
"""How ids of records begin that are made of rows."""


def columns_of(table: ExternalProfiles | ExternalEvents) -> set[str]:
    """The columns that a table must have."""
    if isinstance(table, ExternalProfiles):
        named = {table.key, table.updated_at, *table.fields.values()}
    else:
        named = {table.key, table.event, table.timestamp, table.id, *table.properties.values()}
    return named - {""}


def profile_event(row: Row, table: ExternalProfiles) -> dict[str, Any]:
    """The identify event of a customer's row; without `updated_at` it has no moment and no id yet."""
    traits = _said(row, table.fields, besides={table.key, table.updated_at})
    event = {"type": "identify", "userId": _key(row[table.key]), "traits": traits}
    if not table.updated_at:
        return event
    event["timestamp"] = plain(row[table.updated_at])
    return event | {"messageId": f"{PROFILE}{content_of(event)}"}


def track_event(row: Row, table: ExternalEvents) -> dict[str, Any]:
    """The track event of a row; without an id, equal rows are one event."""
    besides = {table.key, table.event, table.timestamp, table.id}
    event = {
        "type": "track",
        "event": plain(row[table.event]),
        "userId": _key(row[table.key]),
        "timestamp": plain(row[table.timestamp]),
        "properties": _said(row, table.properties, besides=besides),
    }
    return event | {"messageId": f"{EVENT}{plain(row[table.id]) if table.id else content_of(event)}"}


def content_of(event: Mapping[str, Any]) -> str:
    """A short hash of what an event says."""
    written = orjson.dumps(event, option=orjson.OPT_SORT_KEYS, default=str)
    return blake2b(written, digest_size=12).hexdigest()


def plain(value: Any) -> Any:
    """A value as JSON has it; a moment without its offset is UTC, and what is no finite number is nothing.

    >>> plain(datetime(2026, 3, 1, 9)), plain(Decimal("2.50")), plain(float("nan"))
    ('2026-03-01T09:00:00+00:00', 2.5, None)
    """
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _said(row: Row, names: Mapping[str, str], *, besides: set[str]) -> dict[str, Any]:
    chosen = names or {column: column for column in row if column not in besides}
    return {name: plain(row[column]) for name, column in chosen.items()}


def _key(value: Any) -> Any:
    """The customer key as text; a whole number that a table keeps as a float is its digits."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if value is None else str(value)
