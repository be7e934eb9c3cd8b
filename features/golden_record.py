"""The golden record: one profile per customer, every field with the record it came from."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import orjson

from features.event import Event
from features.instant import from_us, to_us
from features.ledger import Ledger

MOST_RECENT = "most_recent"
"""The rule that chooses among values: the newest `occurred_at` wins, and among equals the larger message id."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One field of a profile with its lineage: source, message, the moment it is from, and the rule that chose it.

    A `value` of None was sent as null: the customer's field was emptied.
    """

    value: Any
    source: str
    message_id: str
    occurred_at: datetime
    rule: str = MOST_RECENT


@dataclass(frozen=True, slots=True)
class Profile:
    """What a customer's identify traits say, merged over all identifiers."""

    customer_id: str
    fields: Mapping[str, FieldValue]


class GoldenRecord:
    """The profiles of a ledger, for reading."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def profile(self, customer_id: str) -> Profile:
        """The profile of a customer, fields sorted by name; without fields where none is known."""
        with self._ledger.read() as connection:
            rows = connection.execute(_FIELDS, (customer_id,)).fetchall()
        newest = {field: (value, source, message_id, at) for field, value, source, message_id, at in rows}
        fields = {
            field: FieldValue(orjson.loads(value), source, message_id, from_us(occurred_us))
            for field, (value, source, message_id, occurred_us) in sorted(newest.items())
        }
        return Profile(customer_id, fields)


def keep_traits(connection: sqlite3.Connection, identifies: Iterable[tuple[int, Event]]) -> None:
    """Take identify events, each with the node of its identifier, into the profiles."""
    connection.executemany(_KEEP, chain.from_iterable(_rows(node, event) for node, event in identifies))


def _rows(node: int, event: Event) -> list[tuple[int, str, bytes, int, str, str]]:
    said = (to_us(event.occurred_at), event.message_id, event.source)
    return [(node, field, orjson.dumps(value), *said) for field, value in event.properties.items()]


_FIELDS = """
    SELECT p.field, p.value, p.source, p.message_id, p.occurred_us
    FROM identifier i JOIN profile p ON p.node = i.node
    WHERE i.customer_id = ? ORDER BY p.occurred_us, p.message_id
"""
_KEEP = """
    INSERT INTO profile (node, field, value, occurred_us, message_id, source) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (node, field) DO UPDATE SET
        value = excluded.value, occurred_us = excluded.occurred_us,
        message_id = excluded.message_id, source = excluded.source
    WHERE (excluded.occurred_us, excluded.message_id) > (profile.occurred_us, profile.message_id)
"""
