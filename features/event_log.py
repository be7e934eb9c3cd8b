"""Appending events: the record, the links, the profile and the consent of each, in one transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import orjson

from features.claim import keep_claims
from features.consent import keep_consents
from features.event import Event
from features.groups import keep_groups
from features.hold_table import keep_holds
from features.identity_cluster import Change
from features.identity_memory import IdentityMemory
from features.instant import to_us
from features.ledger import INSERT_RECORD, last_seq
from features.privacy.tombstone import without_erased
from features.record import EVENT, LINK
from features.seen_ids import SeenIds
from features.segment import CONSENT_UPDATED

_LOOKED_UP_AT_ONCE = 500


class Appended(NamedTuple):
    """How many events were new, and how many were in the ledger (or earlier in the batch) already, or were erased."""

    accepted: int
    duplicates: int


def append_events(
    connection: sqlite3.Connection,
    events: Sequence[Event],
    memory: IdentityMemory,
    *,
    backfill: bool = False,
    seen: SeenIds | None = None,
) -> Appended:
    """Append what is new of these events, within a write transaction.

    Parameters: `memory`, of this transaction, or one that outlives it and has seen every record; `backfill`, declared
    history: its state was known when it happened, not when it was received; `seen`, every id that is in the ledger.
    """
    fresh = _fresh(connection, without_erased(connection, events), seen)
    received_us = {moment: to_us(moment) for moment in {event.received_at for event in fresh}}
    rows = [_row(event, memory, received_us[event.received_at], backfill=backfill) for event in fresh]
    connection.executemany(INSERT_RECORD, rows)
    nodes = [row[2] for row in rows]
    keep_claims(connection, [pair for pair in zip(nodes, fresh, strict=True) if pair[1].type == "identify"])
    keep_consents(connection, [pair for pair in zip(nodes, fresh, strict=True) if pair[1].name == CONSENT_UPDATED])
    keep_holds(connection, zip(nodes, fresh, strict=True))
    keep_groups(connection, [pair for pair in zip(nodes, fresh, strict=True) if pair[1].type == "group"])
    announce(connection, memory)
    return Appended(len(fresh), len(events) - len(fresh))


def mention_event(memory: IdentityMemory, event: Event, occurred_us: int, known_us: int) -> int:
    """Take in the identifiers and hard facts of an event; the node of the identifier that it belongs to."""
    node = memory.mention(event.identifiers, (occurred_us, event.message_id), known_us)
    if event.type == "identify":
        facts = memory.rules.hard_facts(event.properties)
        memory.take_facts(node, facts, (occurred_us, event.message_id), known_us)
    return node


def announce(connection: sqlite3.Connection, memory: IdentityMemory) -> None:
    """Write the links that changed, and a record of kind `link` for each customer that became one or came apart."""
    announce_changes(connection, memory.flush())


def announce_changes(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Write a record of kind `link` for each customer that changed."""
    if changes:
        after = last_seq(connection)
        connection.executemany(INSERT_RECORD, [_link_row(change, after + 1 + n) for n, change in enumerate(changes)])


def _fresh(connection: sqlite3.Connection, events: Sequence[Event], seen: SeenIds | None) -> list[Event]:
    """The events that are not in the ledger yet; of equal ids in one batch the first."""
    by_id: dict[str, Event] = {}
    for event in events:
        by_id.setdefault(event.message_id, event)
    ids = list(by_id)
    for message_id in _known(connection, ids if seen is None else seen.perhaps(ids)):
        del by_id[message_id]
    if seen is not None:
        seen.add(ids)
    return list(by_id.values())


def _known(connection: sqlite3.Connection, message_ids: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(message_ids), _LOOKED_UP_AT_ONCE):
        chunk = message_ids[start : start + _LOOKED_UP_AT_ONCE]
        marks = ", ".join("?" * len(chunk))
        query = f"SELECT record_id FROM record WHERE kind = '{EVENT}' AND record_id IN ({marks})"  # noqa: S608 (marks)
        for (message_id,) in connection.execute(query, chunk).fetchall():
            yield message_id


def _row(
    event: Event, memory: IdentityMemory, received_us: int, *, backfill: bool
) -> tuple[str, str, int, int, int, int, str, bytes]:
    occurred_us = to_us(event.occurred_at)
    known_us = occurred_us if backfill else max(occurred_us, received_us)
    node = mention_event(memory, event, occurred_us, known_us)
    return EVENT, event.message_id, node, occurred_us, received_us, known_us, event.source, event.body


def _link_row(change: Change, seq: int) -> tuple[str, str, int, int, int, int, str, bytes]:
    body = orjson.dumps(
        {"customer_id": change.customer_id, "home": change.home, "former": [list(each) for each in change.former]}
    )
    at = change.known_us
    return LINK, f"{change.customer_id}:{seq}", change.node, at, at, at, "identity", body
