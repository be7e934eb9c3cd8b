"""What was drawn from pools: budgets, inventories, capacities; a projection of decisions and their impressions.

A decision draws for every action it returns, within the period that it was made in. What it reserves counts until the
reservation expires (to the minute, never earlier); what was shown, or needs no confirmation, counts for good.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from decisioning.catalog import Catalog
from decisioning.decision import RankedAction
from decisioning.errors import StaleContactsError
from decisioning.pool import Pool
from features.instant import to_us
from features.ledger import Snapshots, insert_record
from features.record import SPENT

FOR_GOOD = 2**62
"""The expiry of what was confirmed."""
MINUTE_US = 60_000_000


class Drawing(NamedTuple):
    """What one contact took of one pool. Parameters: `period_us`, when the pool's period began (0: it has none)."""

    pool: str
    period_us: int
    units: int


class PoolReader:
    """Reads what was drawn from the pools of a catalogue; for the readers of profiles."""

    def __init__(self, ledger: Snapshots, catalog: Catalog) -> None:
        self._ledger = ledger
        self._pools = catalog.pools
        self._zone = catalog.contact_policy.time_zone

    def used(self, now: datetime) -> dict[str, int]:
        """Units drawn from each pool in its period of now, reservations that stand included."""
        if not self._pools:
            return {}
        with self._ledger.read() as connection:
            return {
                pool.key: units_used(connection, pool.key, period_us(pool, now, self._zone), to_us(now))
                for pool in self._pools
            }


def period_us(pool: Pool, now: datetime, zone: str) -> int:
    """When the pool's period of a moment began; 0 where it has none."""
    began = pool.began(now, zone)
    return to_us(began) if began else 0


def drawings_of(ranked: RankedAction, catalog: Catalog, *, now: datetime) -> list[list[Any]]:
    """What a contact with a ranked action draws, by what it costs: the fields of a `Drawing` each, as JSON has them."""
    action = catalog.actions.get(ranked.action)
    if action is None:
        return []
    zone = catalog.contact_policy.time_zone
    drawn = [(pool, pool.draws(action, ranked.channel, cost=ranked.cost)) for pool in catalog.pools]
    return [[pool.key, period_us(pool, now, zone), units] for pool, units in drawn if units]


def refuse_overdrawn(
    connection: sqlite3.Connection, catalog: Catalog, facts: Iterable[Mapping[str, Any]], *, now_us: int
) -> None:
    """Raise `StaleContactsError` where the contacts of a decision take more of a pool than is left of it by now."""
    wanted: dict[tuple[str, int], int] = {}
    for fact in facts:
        for pool, period, units in fact.get("drawn", ()):
            wanted[pool, period] = wanted.get((pool, period), 0) + units
    most = {pool.key: pool.units for pool in catalog.pools}
    for (pool, period), units in wanted.items():
        if units_used(connection, pool, period, now_us) + units > most[pool]:
            raise StaleContactsError(f"too little is left of {pool} by now")


def units_used(connection: sqlite3.Connection, pool: str, period: int, now_us: int) -> int:
    """Units drawn from a pool in a period, but for reservations that expired."""
    used: int = connection.execute(_USED, (pool, period, now_us)).fetchone()[0]
    return used


def keep_drawings(connection: sqlite3.Connection, decision_id: str, facts: Iterable[Mapping[str, Any]]) -> None:
    """Keep what the contacts of a decision draw."""
    for fact in facts:
        expires_us = FOR_GOOD if fact["expires_us"] is None else _up_to_the_minute(fact["expires_us"])
        for drawn in fact.get("drawn", ()):
            drawing = Drawing._make(drawn)
            connection.execute(_KEEP, (decision_id, fact["action"], *drawing, expires_us))
            _add(connection, drawing, expires_us)


def confirm_drawings(connection: sqlite3.Connection, decision_id: str, action: str) -> None:
    """A contact was shown: what it draws counts for good."""
    rows = connection.execute(_RESERVED, (decision_id, action, FOR_GOOD)).fetchall()
    for *drawn, expires_us in rows:
        drawing = Drawing._make(drawn)
        _add(connection, drawing._replace(units=-drawing.units), expires_us)
        _add(connection, drawing, FOR_GOOD)
    if rows:
        connection.execute(_CONFIRM, (FOR_GOOD, decision_id, action))


def keep_spent(connection: sqlite3.Connection, decisions: Sequence[str], *, now_us: int) -> None:
    """Write down what decisions drew that are about to be deleted, as one record that names nobody.

    What they reserve is taken for shown: the word that it was can no longer come.
    """
    kept: dict[tuple[str, int], int] = {}
    for decision_id in decisions:
        for pool, period, units, expires_us in connection.execute(_OF_DECISION, (decision_id,)).fetchall():
            _add(connection, Drawing(pool, period, -units), expires_us)
            if expires_us > now_us:
                kept[pool, period] = kept.get((pool, period), 0) + units
                _add(connection, Drawing(pool, period, units), FOR_GOOD)
        connection.execute("DELETE FROM drawing WHERE decision_id = ?", (decision_id,))
    if kept:
        body = orjson.dumps([[pool, period, units] for (pool, period), units in sorted(kept.items())])
        (n,) = connection.execute("SELECT count(*) FROM record WHERE kind = ?", (SPENT,)).fetchone()
        insert_record(connection, (SPENT, f"spent-{n + 1}", None, now_us, now_us, now_us, "privacy", body))


def take_spent(connection: sqlite3.Connection, body: bytes) -> None:
    """Take in what such a record says."""
    for drawn in orjson.loads(body):
        _add(connection, Drawing._make(drawn), FOR_GOOD)


def _up_to_the_minute(expires_us: int) -> int:
    """Reservations are summed by the minute, so that no decision adds up more than a few rows."""
    return -(-expires_us // MINUTE_US) * MINUTE_US


def _add(connection: sqlite3.Connection, drawing: Drawing, expires_us: int) -> None:
    connection.execute(_ADD, (drawing.pool, drawing.period_us, expires_us, drawing.units))
    if drawing.units < 0:
        connection.execute(_TIDY, (drawing.pool, drawing.period_us, expires_us))


_USED = """
    SELECT coalesce(sum(units), 0) FROM pool_use WHERE pool = ? AND period_us = ? AND expires_us > ?
"""
_KEEP = """
    INSERT INTO drawing (decision_id, action, pool, period_us, units, expires_us) VALUES (?, ?, ?, ?, ?, ?)
"""
_RESERVED = """
    SELECT pool, period_us, units, expires_us FROM drawing WHERE decision_id = ? AND action = ? AND expires_us <> ?
"""
_OF_DECISION = "SELECT pool, period_us, units, expires_us FROM drawing WHERE decision_id = ?"
_CONFIRM = "UPDATE drawing SET expires_us = ? WHERE decision_id = ? AND action = ?"
_TIDY = "DELETE FROM pool_use WHERE pool = ? AND period_us = ? AND expires_us = ? AND units = 0"
_ADD = """
    INSERT INTO pool_use (pool, period_us, expires_us, units) VALUES (?, ?, ?, ?)
    ON CONFLICT (pool, period_us, expires_us) DO UPDATE SET units = units + excluded.units
"""
