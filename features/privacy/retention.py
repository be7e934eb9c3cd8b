"""Retention: what is older than the workspace keeps it is deleted, and everything that was made of it follows."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex

import orjson

from features.contacts import OF_DECISION
from features.identity_kept import keep_identity
from features.instant import to_us
from features.ledger import Ledger, insert_record
from features.pool_table import keep_spent
from features.privacy.settings import Retention
from features.record import LINK, RETENTION
from features.segment import STANDING, name_of

BEHAVIOUR = ("track", "page", "screen")
"""The types of events that go by age; who a customer is goes with the customer."""


@dataclass(slots=True)
class _Expired:
    """What is over age. By node: how often deleted records changed contacts, and when the last event occurred."""

    seqs: list[int] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    contacts: Counter[int] = field(default_factory=Counter)
    last_us: dict[int, int] = field(default_factory=dict)

    @property
    def nodes(self) -> list[int]:
        return sorted(self.contacts.keys() | self.last_us.keys())

    def add(self, seq: int, node: int, *, changes: int = 0, event_us: int = 0) -> None:
        self.seqs.append(seq)
        self.contacts[node] += changes
        self.last_us[node] = max(event_us, self.last_us.get(node, 0))


def expire(ledger: Ledger, retention: Retention, *, now: datetime) -> Mapping[str, int]:
    """Delete what is over age from the ledger, in one transaction; how many rows, by what they are.

    Links and customer ids stay as they are; features of whom it concerns are computed anew from what is left.
    """
    return ledger.write(partial(_expire, retention=retention, now=now)).result()


def inactive(ledger: Ledger, retention: Retention, *, now: datetime) -> list[int]:
    """The numbers of the identifiers of every customer who did nothing for too long."""
    if retention.inactive is None:
        return []
    before_us = to_us(now - timedelta(days=retention.inactive))
    with ledger.read() as connection:
        return [node for (node,) in connection.execute(_INACTIVE, {"before": before_us}).fetchall()]


def _expire(connection: sqlite3.Connection, *, retention: Retention, now: datetime) -> Mapping[str, int]:
    expired = _Expired()
    removed = {"event": _find_events(connection, retention, now, expired)}
    removed |= _find_decisions(connection, _before(retention.decisions, now), expired)
    removed |= _delete_refused(connection, _before(retention.refused, now))
    now_us = to_us(now)
    owners = sorted(_owners(connection, expired.nodes))
    for node in expired.nodes:
        changes, last_us = expired.contacts[node], expired.last_us[node]
        keep_identity(connection, node, contacts=changes, last_us=last_us, now_us=now_us)
    keep_spent(connection, expired.decisions, now_us=now_us)
    _delete(connection, expired)
    found = {what: n for what, n in removed.items() if n}
    if found:
        _announce(connection, owners, found, now_us)
    return found


def _before(days: float | None, now: datetime) -> int | None:
    return None if days is None else to_us(now - timedelta(days=days))


def _find_events(connection: sqlite3.Connection, retention: Retention, now: datetime, expired: _Expired) -> int:
    limits = [days for days in (retention.events, *retention.event.values()) if days is not None]
    if not limits:
        return 0
    rows = connection.execute(_EVENTS, (_before(min(limits), now),))
    for seq, node, occurred_us, body in rows:
        raw = orjson.loads(body)
        if raw.get("type") in BEHAVIOUR and _is_over_age(name_of(raw, raw["type"]), occurred_us, retention, now):
            expired.add(seq, node, event_us=occurred_us)
    return len(expired.seqs)


def _is_over_age(name: str, occurred_us: int, retention: Retention, now: datetime) -> bool:
    if name in STANDING and name not in retention.event:  # it stands until it is taken back
        return False
    age = retention.age_of(name)
    return age is not None and occurred_us < to_us(now - age)


def _find_decisions(connection: sqlite3.Connection, before_us: int | None, expired: _Expired) -> dict[str, int]:
    """Decisions over age, with every outcome of theirs, whenever it came."""
    if before_us is None:
        return {}
    for seq, node, decision_id in connection.execute(_DECISIONS, (before_us,)).fetchall():
        (n_contacts,) = connection.execute(_N_CONTACTS, (decision_id,)).fetchone()
        expired.add(seq, node, changes=min(n_contacts, 1))
        expired.decisions.append(decision_id)
    gone = set(expired.decisions)
    for seq, node, outcome_id, body in connection.execute(_OUTCOMES):
        if orjson.loads(body)["outcome"]["decision_id"] in gone:
            expired.add(seq, node, changes=1)
            expired.outcomes.append(outcome_id)
    return {"decision": len(expired.decisions), "outcome": len(expired.outcomes)}


def _delete_refused(connection: sqlite3.Connection, before_us: int | None) -> dict[str, int]:
    if before_us is None:
        return {}
    tables = ("reject", "quarantine")
    query = "DELETE FROM {} WHERE received_us < ?"
    return {table: connection.execute(query.format(table), (before_us,)).rowcount for table in tables}


def _delete(connection: sqlite3.Connection, expired: _Expired) -> None:
    for query, names in (
        (_CONTACTS, expired.decisions),
        ("DELETE FROM request WHERE seq = ?", expired.seqs),
        ("DELETE FROM record WHERE seq = ?", expired.seqs),
        ("DELETE FROM answer WHERE outcome_id = ?", expired.outcomes),
    ):
        connection.executemany(query, [(name,) for name in names])


def _owners(connection: sqlite3.Connection, nodes: Iterable[int]) -> Iterator[tuple[str, int]]:
    """The customers of identifiers, each with one of these."""
    found: dict[str, int] = {}
    for node in nodes:
        (customer_id,) = connection.execute("SELECT customer_id FROM identifier WHERE node = ?", (node,)).fetchone()
        if customer_id is not None:
            found.setdefault(customer_id, node)
    return iter(found.items())


def _announce(
    connection: sqlite3.Connection, owners: Iterable[tuple[str, int]], removed: Mapping[str, int], now_us: int
) -> None:
    """Say that states no longer hold, customer by customer, and prove what was done."""
    run, times = token_hex(8), (now_us, now_us, now_us)
    for customer_id, node in owners:
        home = connection.execute("SELECT kind, value FROM identifier WHERE node = ?", (node,)).fetchone()
        body = orjson.dumps({"customer_id": customer_id, "home": home, "former": []})
        insert_record(connection, (LINK, f"{customer_id}:{run}", node, *times, "retention", body))
    proof = orjson.dumps({"removed": removed})
    insert_record(connection, (RETENTION, run, None, *times, "retention", proof))


_EVENTS = "SELECT seq, node, occurred_us, body FROM record WHERE kind = 'event' AND occurred_us < ? ORDER BY seq"
_DECISIONS = "SELECT seq, node, record_id FROM record WHERE kind = 'decision' AND occurred_us < ? ORDER BY seq"
_CONTACTS = """
    DELETE FROM contact
    WHERE (node, decided_us, decision_id) IN (
        SELECT node, occurred_us, record_id FROM record WHERE kind = 'decision' AND record_id = ?)
"""
_N_CONTACTS = f"SELECT count(*) {OF_DECISION}"
_OUTCOMES = "SELECT seq, node, record_id, body FROM record WHERE kind = 'outcome' ORDER BY seq"
_INACTIVE = """
    WITH act AS (
        SELECT i.customer_id, CASE r.kind WHEN 'kept' THEN json_extract(CAST(r.body AS TEXT), '$.last_us')
                                          ELSE r.occurred_us END AS at_us
        FROM identifier i JOIN record r ON r.node = i.node WHERE r.kind IN ('event', 'outcome', 'kept')
    )
    SELECT node FROM identifier
    WHERE customer_id IN (SELECT customer_id FROM act GROUP BY customer_id HAVING max(at_us) < :before)
"""
