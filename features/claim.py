"""Claims: what each record says of a customer, field by field; all are kept, and which survives is decided on reading.

A claim hangs on the identifier that its record names first: a merge brings the claims of both customers together, an
unmerge takes them apart again.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import orjson

from features.cleansing.cleanser import Cleansing
from features.cleansing.verdict import Cleansed
from features.event import Event
from features.instant import to_us
from features.override import MANUAL, Override, override_of


class Claim(NamedTuple):
    """One record's word on one field.

    Parameters: `raw`, as it was sent (None: the field was emptied); `cleansed`, as it is read; `occurred_us`,
    microseconds since the epoch; `override`, by whom and why, where a person set the field by hand.
    """

    raw: Any
    cleansed: Cleansed
    source: str
    message_id: str
    occurred_us: int
    override: Override | None = None

    @property
    def at(self) -> tuple[int, str]:
        """When it was said; no two claims on a field are equal in it."""
        return self.occurred_us, self.message_id


class _Row(NamedTuple):
    """A claim as its table holds it."""

    field: str
    raw: Any
    source: str
    message_id: str
    occurred_us: int


def keep_claims(connection: sqlite3.Connection, identifies: Iterable[tuple[int, Event]]) -> None:
    """Take identify events in, each with the node of its identifier."""
    connection.executemany(_KEEP, chain.from_iterable(_rows(node, event) for node, event in identifies))


def claims_of(connection: sqlite3.Connection, customer_id: str, cleansing: Cleansing) -> dict[str, list[Claim]]:
    """Every claim on a customer by field, both in order, each cleansed in the light of its record's other fields."""
    rows = [_Row(field, orjson.loads(raw), *rest) for field, raw, *rest in connection.execute(_CLAIMS, (customer_id,))]
    traits: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        traits[row.message_id][row.field] = row.raw
    overrides = _overrides(connection, rows)
    claims: defaultdict[str, list[Claim]] = defaultdict(list)
    for row in rows:
        cleansed = cleansing.clean(row.field, row.raw, traits[row.message_id])
        claims[row.field].append(Claim(row.raw, cleansed, *row[2:], overrides.get(row.message_id)))
    return dict(claims)


def _overrides(connection: sqlite3.Connection, rows: Sequence[_Row]) -> dict[str, Override]:
    manual = {row.message_id for row in rows if row.source == MANUAL}
    query = "SELECT body FROM record WHERE kind = 'event' AND record_id = ?"
    return {each: override_of(connection.execute(query, (each,)).fetchone()[0]) for each in manual}


def _rows(node: int, event: Event) -> list[tuple[int, str, str, bytes, int, str]]:
    message_id, occurred_us, source = event.message_id, to_us(event.occurred_at), event.source
    return [
        (node, field, message_id, orjson.dumps(value), occurred_us, source) for field, value in event.properties.items()
    ]


_CLAIMS = """
    SELECT c.field, c.value, c.source, c.message_id, c.occurred_us
    FROM identifier i JOIN claim c ON c.node = i.node
    WHERE i.customer_id = ? ORDER BY c.field, c.occurred_us, c.message_id
"""
_KEEP = "INSERT INTO claim (node, field, message_id, value, occurred_us, source) VALUES (?, ?, ?, ?, ?, ?)"
