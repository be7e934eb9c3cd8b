"""How the cost of a decision grows: with candidate actions, with customers, with what a customer was offered before.

Decisions are made as the service makes them, record included, without HTTP around it, and with one thread for products
of matrices, as `tsugi serve` has them. The homes of one table take turns, so that what else the machine does meets all
alike.
"""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zlib import crc32

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships no types

from benchmarks.grown import N_LEAVES, N_TREES, grown_bundle
from benchmarks.offers_workspace import N_OFFERS, PLACEMENT, offers_workspace
from benchmarks.report import Cell, Report
from decisioning.customer import CustomerReference
from decisioning.decision import DecisionRequest
from features.home import Home
from serving.composition import open_desk
from serving.desk import Desk
from serving.settings import Settings

ACTIONS = (10, 50, 200, 1_000)
CUSTOMERS = (10_000, 100_000, 1_000_000)
CONTACTS = (0, 1_000, 10_000)
FEW = 1_000
"""Customers of the homes that differ in actions."""
A_YEAR = int(timedelta(days=365).total_seconds())
FEWEST = 100
"""Customers of the homes that differ in contacts."""


class Size(NamedTuple):
    """What a home is made of. Parameters: `contacts`, offered to every customer before the time that limits look at."""

    name: str
    actions: int = N_OFFERS
    customers: int = FEW
    contacts: int = 0


class Case(NamedTuple):
    """One home under measurement. Parameters: `desk`, open; `taken`, CPU µs per decision of every round."""

    name: str
    desk: Desk
    n_customers: int
    taken: list[float]


def run(*, quick: bool) -> Report:
    """Decide in homes of more and more actions, customers, and contacts."""
    each_round, rounds = (30, 3) if quick else (100, 9)
    actions, customers = (ACTIONS[:2], (1_000, 10_000)) if quick else (ACTIONS, CUSTOMERS)
    contacts = CONTACTS[:2] if quick else CONTACTS
    with threadpool_limits(limits=1):
        rows = [
            *_table([Size(f"{n:,} actions", actions=n) for n in actions], each_round, rounds),
            *_table([Size(f"{n:,} customers", customers=n) for n in customers], each_round, rounds),
            *_table([Size(f"{n:,} contacts", customers=FEWEST, contacts=n) for n in contacts], each_round, rounds),
        ]
    return Report(
        f"A decision in process, durable, CPU of all threads, the median of {rounds} rounds of {each_round}: lists of "
        f"10, three conditions for each action, all standard features, a logistic regression and {N_TREES} trees of "
        f"{N_LEAVES} leaves; {FEW:,} customers where actions differ, {N_OFFERS} actions where customers do, and "
        f"{FEWEST} customers where it is how much each was offered a year ago. The customers' identifiers, feature "
        "rows and contacts are written straight into the stores, as copies of one.",
        rows,
    )


def _table(sizes: Sequence[Size], each_round: int, rounds: int) -> list[dict[str, Cell]]:
    with TemporaryDirectory() as name, ExitStack() as stack:
        opened = [_opened(size, Path(name) / str(place), stack) for place, size in enumerate(sizes)]
        for nth in range(-1, rounds):
            for case in opened:
                _round(case, nth, each_round)
        return [_row(case, opened[0]) for case in opened]


def _opened(size: Size, folder: Path, stack: ExitStack) -> Case:
    folder.mkdir()
    settings = Settings(home=folder / "home", workspace=offers_workspace(folder, offers=size.actions))
    with open_desk(settings, clock=_now) as desk:
        desk.intake.accept(_history(), received_at=_now())
    _multiply(Home(settings.home), size)
    desk = stack.enter_context(open_desk(settings, clock=_now))
    desk.bundle.current = grown_bundle(desk.catalog.current.catalog, desk.profiles.documents.features)
    desk.fast.prime()
    return Case(size.name, desk, size.customers, [])


def _now() -> datetime:
    return datetime.now(UTC)


def _history() -> list[dict[str, object]]:
    view = {"type": "track", "event": "Product Viewed", "properties": {"product": "tea"}, "messageId": "m-2"}
    return [
        {"type": "identify", "messageId": "m-1", "userId": "first", "traits": {"age": 40}},
        {"userId": "first", **view},
    ]


def _multiply(home: Home, size: Size) -> None:
    """Copy the one customer of a home: identifiers and feature rows, each in order of its key; and what was offered."""
    n = size.customers
    with sqlite3.connect(home.ledger) as ledger:
        ledger.execute(_IDENTIFIERS, (n,))
        ledger.execute(_CONTACTS, (size.contacts, int(_now().timestamp()) - A_YEAR))
        (first,) = ledger.execute("SELECT customer_id FROM identifier WHERE value = 'first'").fetchone()
    with sqlite3.connect(home.online) as online:
        online.execute(_ROWS, (n, first))
    ledger.close()
    online.close()


def _round(case: Case, nth: int, n: int) -> None:
    """Parameters: `nth` round; one below 0 warms up."""
    names = [f"{nth}-{place}" for place in range(n)]
    began = time.process_time()
    asyncio.run(_decide(case, names))
    if nth >= 0:
        case.taken.append((time.process_time() - began) / n * 1e6)


async def _decide(case: Case, names: Sequence[str]) -> None:
    for name in names:
        place = crc32(name.encode()) % case.n_customers + 1
        request = DecisionRequest(name, CustomerReference("user_id", f"many-{place}"), PLACEMENT, "web")
        await case.desk.decisions.answer(request, {"request_id": name})


def _row(case: Case, least: Case) -> dict[str, Cell]:
    cost = statistics.median(case.taken)
    return {"home": case.name, "CPU µs per decision": cost, "× the first": cost / statistics.median(least.taken)}


_UP_TO = "WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < ?)"
_IDENTIFIERS = f"""
    {_UP_TO} INSERT INTO identifier (kind, value, customer_id, first_us, first_id)
    SELECT 'user_id', 'many-' || n, printf('c_%014d', n), 0, 'many' FROM k
"""  # noqa: S608 (constants only)
_CONTACTS = f"""
    {_UP_TO} INSERT INTO contact (node, decision_id, action, treatment, action_group, channel, decided_us, expires_us)
    SELECT i.node, 'd_' || n / 10, printf('offer_%02d', n % 10), 'standard', 'group_1', 'web',
        (?2 + n / 10) * 1000000, (?2 + n / 10 + 60) * 1000000
    FROM k JOIN identifier i WHERE ?1 > 0 AND i.value LIKE 'many-%'
"""  # noqa: S608 (constants only)
_ROWS = f"""
    {_UP_TO} INSERT INTO state_row SELECT printf('c_%014d', n), s.view, s.event_us, s.created_us, s.state
    FROM k JOIN state_row s ON s.customer_id = ?
"""  # noqa: S608 (constants only)
