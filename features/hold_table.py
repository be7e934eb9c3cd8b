"""Holds in the ledger's table: of one identifier and name, the newest event."""

import sqlite3
from collections.abc import Iterable
from typing import Any

import orjson

from features.event import Event
from features.instant import to_us
from features.segment import HOLD_RELEASED, HOLD_SET
from features.timestamp import moment_of


def keep_holds(connection: sqlite3.Connection, events: Iterable[tuple[int, Event]]) -> None:
    """Take track events that set or release a hold, each with the node of its identifier, into the state."""
    connection.executemany(_KEEP, [_row(node, event) for node, event in events if is_hold(event)])


def is_hold(event: Event) -> bool:
    """Whether an event sets or releases a hold."""
    return event.type == "track" and event.name in (HOLD_SET, HOLD_RELEASED)


def _row(node: int, event: Event) -> tuple[Any, ...]:
    given = event.properties
    until = moment_of(given.get("until"), "properties.until")
    issues = orjson.dumps(given.get("issues") or [])
    times = (to_us(event.occurred_at), event.message_id, event.name == HOLD_SET)
    return node, given["hold"], *times, issues, None if until is None else to_us(until)


_KEEP = """
    INSERT INTO hold (node, name, occurred_us, message_id, held, issues, until_us) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (node, name) DO UPDATE SET
        occurred_us = excluded.occurred_us, message_id = excluded.message_id, held = excluded.held,
        issues = excluded.issues, until_us = excluded.until_us
    WHERE (excluded.occurred_us, excluded.message_id) > (hold.occurred_us, hold.message_id)
"""
