"""A home of many customers for outbound decisions, written by columns: what events would have come to, not the events.

A few hundred customers live through real events; every other one has, view by view, the state of one of them at random,
so that hardly two are alike. Identifiers and online rows are written straight into the stores, in the order of ids.
"""

import json
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from features.online_store import PackedRow, PackedRows
from pipelines.composition import Composition
from pipelines.world import SegmentEvent

PLACEMENT = "mail"
N_ACTIONS = 20
PATTERNS = 400
AT_ONCE = 20_000


def outbound_workspace(folder: Path, *, customers: int, learning: str = "") -> Path:
    """Write a workspace with 20 actions of three conditions, a budget, an inventory and a capacity; its path."""
    workspace = folder / ("learning" if learning else "workspace")
    workspace.mkdir()
    (workspace / "tsugi.toml").write_text(f'[workspace]\nname = "benchmark"\n{learning}')
    (workspace / "features.yaml").write_text(
        "features:\n  - {name: age, view: profile, primitive: trait, trait: age, kind: number, description: age}\n"
    )
    (workspace / "catalog.yaml").write_text(json.dumps(_catalog(customers)))
    return workspace


def _catalog(customers: int) -> dict[str, object]:
    capacity = {"at_most": customers // 4, "per": "day"}
    return {
        "currency": "EUR",
        "channels": {"email": {"outbound": True, "consent": "opt_out", "capacity": capacity}},
        "placements": {PLACEMENT: {"channel": "email", "limit": 1}},
        "actions": {f"offer_{n:02}": _offer(n) for n in range(N_ACTIONS)},
        "contact_policy": {"caps": [{"scope": "channel", "at_most": 2, "within_days": 7}]},
        "budgets": {"spring": {"amount": customers / 50, "groups": ["group_1", "group_2"]}},
        "inventories": {"mugs": {"count": customers // 100, "actions": ["offer_19"]}},
    }


def _offer(n: int) -> dict[str, object]:
    return {
        "issue": "grow",
        "group": f"group_{n % 7}",
        "value": 10 + n,
        "eligibility": f"age >= {n % 20}",
        "applicability": f"product_views_7d >= 0 OR orders < {n}",
        "suitability": f"open_tickets = 0 OR orders > {n % 5}",
        "starting": {"propensity": 0.02 + n / 1000, "evidence": 100},
        "conversion": {"event": "Order Completed", "where": {"product": f"offer_{n:02}"}},
        "treatments": {"plain": {"channel": "email", "cost": 0.05 + 0.01 * (n % 5)}},
    }


def populate(composition: Composition, customers: int) -> None:
    """Fill the home."""
    composition.send([event for n in range(PATTERNS) for event in _life(n)], [])
    known = composition.population().ids("", PATTERNS)
    rows = PackedRows(composition.home.online)
    patterns: dict[str, list[PackedRow]] = {}
    for row in rows.read_many(known):
        patterns.setdefault(row.view, []).append(row)
    rng = np.random.default_rng(1)
    ids = sorted(f"c_{n:016x}" for n in rng.integers(0, 2**63, customers - len(known)).tolist())
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        composition.ledger.write(partial(_know, ids=some)).result()
        rows.write(_states(some, patterns, rng))
    rows.close()


def _states(ids: list[str], patterns: dict[str, list[PackedRow]], rng: np.random.Generator) -> Iterator[PackedRow]:
    drawn = {view: rng.integers(0, len(known), len(ids)).tolist() for view, known in patterns.items()}
    for place, each in enumerate(ids):
        for view, known in patterns.items():
            yield PackedRow(each, *known[drawn[view][place]][1:])


def _know(connection: sqlite3.Connection, *, ids: list[str]) -> None:
    connection.executemany(_KNOWN, [("user_id", f"u-{each}", each) for each in ids])


def _life(n: int) -> list[SegmentEvent]:
    """A customer with an age, some views, and one in three with orders or a ticket."""
    said: list[dict[str, object]] = [{"type": "identify", "messageId": f"i-{n}", "traits": {"age": 18 + n % 60}}]
    said += [_did(n, place, "Product Viewed", product=f"offer_{(n + place) % 20:02}") for place in range(n % 9)]
    said += [_did(n, 20 + place, "Order Completed", total=5.0 + n % 70) for place in range(max(n % 6 - 3, 0))]
    said += [_did(n, 40, "Ticket Opened")] if n % 7 == 0 else []
    return [{**each, "userId": f"u-{n}", "timestamp": f"2026-11-{1 + n % 24:02}T10:00:00Z"} for each in said]


def _did(n: int, place: int, event: str, **properties: object) -> dict[str, object]:
    return {"type": "track", "event": event, "messageId": f"e-{n}-{place}", "properties": properties}


_KNOWN = "INSERT INTO identifier (kind, value, customer_id, first_us, first_id) VALUES (?, ?, ?, 1, 'i')"
