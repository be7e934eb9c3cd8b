"""Appending events: the record, the links, the profile and the consent of each, in one transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import orjson

from features.claim import keep_claims
from features.consent import keep_consents
from features.event import Event
from features.event_columns import EventColumns
from features.event_rows import RowColumns, insert_events
from features.groups import keep_groups
from features.hold_table import keep_holds
from features.identity_cluster import Change
from features.identity_memory import IdentityMemory
from features.instant import to_us
from features.ledger import INSERT_RECORD, last_seq
from features.owners import Owners
from features.privacy.tombstone import not_erased
from features.receipt import Arrival
from features.record import EVENT, LINK
from features.seen_ids import SeenIds
from features.segment import CONSENT_UPDATED

_LOOKED_UP_AT_ONCE = 500


class Appended(NamedTuple):
    """What was new of events, with the node of each, and the sequence number of the last record.

    Parameters: `duplicates`, how many were in the ledger (or earlier in the batch) already, or were erased.
    """

    fresh: EventColumns
    nodes: list[int]
    last: int
    duplicates: int


def append_events(
    connection: sqlite3.Connection,
    events: EventColumns,
    memory: IdentityMemory,
    *,
    arrival: Arrival,
    seen: SeenIds | None = None,
) -> Appended:
    """Append what is new of these events, within a write transaction.

    Parameters: `memory`, of this transaction, or one that outlives it and has seen every record; `arrival`, of all of
    them: of declared history the state was known when it happened, not when it was received; `seen`, every id that is
    in the ledger.
    """
    fresh = _fresh(connection, events.at(not_erased(connection, events)), seen)
    received_us = to_us(arrival.received_at)
    known_us = fresh.occurred_us if arrival.backfill else [max(each, received_us) for each in fresh.occurred_us]
    nodes = _nodes(fresh, memory, known_us)
    rows = RowColumns(fresh.message_ids, nodes, fresh.occurred_us, known_us, fresh.bodies)
    insert_events(connection, rows, received_us=received_us, source=arrival.source)
    last = last_seq(connection)
    keep_told(connection, [(nodes[place], event) for place, event in fresh.telling.items()])
    announce(connection, memory)
    return Appended(fresh, nodes, last, len(events) - len(fresh))


def keep_told(connection: sqlite3.Connection, located: Sequence[tuple[int, Event]]) -> None:
    """Take what events say of the profile, consent, holds and groups, each with the node of its identifier."""
    keep_claims(connection, [pair for pair in located if pair[1].type == "identify"])
    keep_consents(connection, [pair for pair in located if pair[1].name == CONSENT_UPDATED])
    keep_holds(connection, located)
    keep_groups(connection, [pair for pair in located if pair[1].type == "group"])


def _nodes(events: EventColumns, memory: IdentityMemory, known_us: Sequence[int]) -> list[int]:
    """The node of the identifier that each belongs to; what they say of identities is taken in."""
    owners = events.owners
    nodes = _mentioned(events, memory, known_us) if owners is None else _owned(events, owners, memory, known_us)
    for place, event in events.telling.items():
        _take_hard_facts(memory, nodes[place], event, (events.occurred_us[place], known_us[place]))
    return nodes


def _mentioned(events: EventColumns, memory: IdentityMemory, known_us: Sequence[int]) -> list[int]:
    return memory.mention_all(events.identifiers, zip(events.occurred_us, events.message_ids, strict=True), known_us)


def _owned(events: EventColumns, owners: Owners, memory: IdentityMemory, known_us: Sequence[int]) -> list[int]:
    """As `_mentioned`, where owners have numbers: only what may say something new is looked at one by one."""
    occurred_us = np.array(events.occurred_us, dtype=np.int64)
    nodes = memory.settled(owners, occurred_us)
    some = np.flatnonzero(nodes < 0)
    places = some.tolist()
    if places:
        nodes[some] = _mentioned(events.at(places), memory, [known_us[place] for place in places])
        memory.settle(owners.at(some), occurred_us[some], nodes[some])
    all_nodes: list[int] = nodes.tolist()
    return all_nodes


def mention_event(memory: IdentityMemory, event: Event, occurred_us: int, known_us: int) -> int:
    """Take in the identifiers and hard facts of an event; the node of the identifier that it belongs to."""
    node = memory.mention(event.identifiers, (occurred_us, event.message_id), known_us)
    _take_hard_facts(memory, node, event, (occurred_us, known_us))
    return node


def _take_hard_facts(memory: IdentityMemory, node: int, event: Event, times: tuple[int, int]) -> None:
    if event.type == "identify":
        occurred_us, known_us = times
        facts = memory.rules.hard_facts(event.properties)
        memory.take_facts(node, facts, (occurred_us, event.message_id), known_us)


def announce(connection: sqlite3.Connection, memory: IdentityMemory) -> None:
    """Write the links that changed, and a record of kind `link` for each customer that became one or came apart."""
    announce_changes(connection, memory.flush())


def announce_changes(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Write a record of kind `link` for each customer that changed."""
    if changes:
        after = last_seq(connection)
        connection.executemany(INSERT_RECORD, [_link_row(change, after + 1 + n) for n, change in enumerate(changes)])


def _fresh(connection: sqlite3.Connection, events: EventColumns, seen: SeenIds | None) -> EventColumns:
    """The events that are not in the ledger yet; of equal ids in one batch the first."""
    ids = events.message_ids
    known = list(_known(connection, ids if seen is None else seen.met(ids)))
    if not known and len(set(ids)) == len(ids):
        return events
    places = dict(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))
    for message_id in known:
        places.pop(message_id, None)
    return events.at(sorted(places.values()))


def _known(connection: sqlite3.Connection, message_ids: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(message_ids), _LOOKED_UP_AT_ONCE):
        chunk = message_ids[start : start + _LOOKED_UP_AT_ONCE]
        marks = ", ".join("?" * len(chunk))
        query = f"SELECT record_id FROM record WHERE kind = '{EVENT}' AND record_id IN ({marks})"  # noqa: S608 (marks)
        for (message_id,) in connection.execute(query, chunk).fetchall():
            yield message_id


def _link_row(change: Change, seq: int) -> tuple[str, str, int, int, int, int, str, bytes]:
    body = orjson.dumps(
        {"customer_id": change.customer_id, "home": change.home, "former": [list(each) for each in change.former]}
    )
    at = change.known_us
    return LINK, f"{change.customer_id}:{seq}", change.node, at, at, at, "identity", body
