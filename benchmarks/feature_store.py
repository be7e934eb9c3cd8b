"""The feature store: live updates, online reads, and the point-in-time join next to DuckDB's own ASOF JOIN."""

import random
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd

from benchmarks.generated_events import OPENS, YEAR, an_event, lines
from benchmarks.report import Cell, Report
from decisioning.customer import CustomerReference
from features.feature_set import FeatureSet
from features.historical import training_frame
from features.history import History
from features.home import Home
from features.identity import IdentityGraph
from features.intake import Arrival, Intake
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.online_store import PackedRow, PackedRows
from features.projection import FeatureProjection

ROUNDS = 3
"""Every join is done so often; the fastest counts."""


def run(*, quick: bool) -> Report:
    """Load a ledger, then measure what reads and writes its features."""
    events, joins = (20_000, 5_000) if quick else (200_000, 100_000)
    features = FeatureSet.load(None)
    with TemporaryDirectory() as folder:
        home = Home(Path(folder)).create()
        with Ledger(home.ledger) as ledger:
            rows = _updates(ledger, home, features, events)
            customers = _customers(ledger, min(events // 50, 1000))
        rows += [*_reads(home, features, customers), *_joins(home, features, customers, joins)]
    return Report(
        f"{len(features.names)} features in {len(features.views)} views, a history of {events:,} events; CPU of this "
        f"process, all threads. The plain join reads the same Parquet files and columns; `training_frame` goes through "
        "Feast to our own join and then turns states into features as of each row's moment.",
        rows,
    )


def _cpu(work: Callable[[], object], *, rounds: int = 1) -> float:
    """CPU seconds of this process, all threads; the fastest round."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def _rate(what: str, n: float, seconds: float, unit: str) -> dict[str, Cell]:
    return {"what": what, "per CPU second": n / seconds, "CPU µs each": seconds / n * 1e6, "of": unit}


def _updates(ledger: Ledger, home: Home, features: FeatureSet, events: int) -> list[dict[str, Cell]]:
    intake = Intake(ledger)
    intake.load(lines(events, events // 50), Arrival(OPENS + YEAR, backfill=True))
    written = _cpu(lambda: History(home.history, features).catch_up(ledger))
    projection = FeatureProjection(ledger, PackedRows(home.online), features, seed=home.states)
    written += _cpu(projection.catch_up)
    rows = [_rate("first load of history and online rows", events, written, "events")]
    for batch in (1, 300):
        n = (600 // batch + 1) * batch
        rows += [_rate(f"live update in batches of {batch}", n, _live(intake, projection, batch), "events")]
    intake.close()
    return rows


def _live(intake: Intake, projection: FeatureProjection, batch: int) -> float:
    """CPU seconds to apply what was just taken in."""
    taken, chance = 0.0, random.Random(batch)  # noqa: S311 - a seeded benchmark
    for number in range(600 // batch + 1):
        now = OPENS + YEAR + timedelta(seconds=number)
        events = [an_event(f"{batch}-{number}-{n}", now, 1000, chance) for n in range(batch)]
        intake.accept(events, received_at=now)
        taken += _cpu(projection.catch_up)
    return taken


def _customers(ledger: Ledger, n: int) -> list[str]:
    graph = IdentityGraph(ledger)
    found = (graph.resolve(CustomerReference("user_id", f"u-{number}")) for number in range(n))
    return [each for each in found if each]


def _reads(home: Home, features: FeatureSet, customers: Sequence[str]) -> list[dict[str, Cell]]:
    """One customer's features, through the store and from its state alone."""
    online, now, n = OnlineFeatures(home.online, features), OPENS + YEAR, len(customers)
    state, rows = features.empty(1), PackedRows(home.online)
    through = _cpu(lambda: [online.read(each, now) for each in customers], rounds=ROUNDS)
    alone = _cpu(lambda: [features.values(state, now_us=1_750_000_000_000_000) for _ in customers], rounds=ROUNDS)
    held = [row for each in customers for row in rows.read(each)[:1]]
    written = _cpu(partial(_write_each, rows, held), rounds=ROUNDS)
    rows.close()
    return [
        _rate("online read of one customer", n, through, "customers"),
        _rate("of it, from state to features", n, alone, "customers"),
        _rate("online write of one row", len(held), written, "rows"),
    ]


def _write_each(store: PackedRows, rows: Sequence[PackedRow]) -> None:
    for row in rows:
        store.write([row])


def _joins(home: Home, features: FeatureSet, customers: Sequence[str], n: int) -> list[dict[str, Cell]]:
    """The training frame, and a plain ASOF JOIN over the same files."""
    rng = np.random.default_rng(1)
    moments = pd.to_datetime(OPENS.timestamp() + rng.random(n) * YEAR.total_seconds(), unit="s", utc=True)
    entities = pd.DataFrame({"customer_id": rng.choice(list(customers), n), "event_timestamp": moments.as_unit("us")})
    training_frame(home, features, entities.head(10))
    through = _cpu(lambda: training_frame(home, features, entities), rounds=ROUNDS)
    plain = _cpu(lambda: _asof(home, features, entities), rounds=ROUNDS)
    return [
        _rate("point-in-time join: `training_frame`", n, through, "rows"),
        _rate("point-in-time join: plain DuckDB ASOF JOIN", n, plain, "rows"),
    ]


def _asof(home: Home, features: FeatureSet, entities: pd.DataFrame) -> pd.DataFrame:
    """The same join written by hand: states only, no features."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("entity", entities)
    query = "SELECT * FROM entity"
    for view in features.views:
        files, name = (home.history / view.name / "*.parquet").as_posix(), view.name
        query += (
            f" ASOF LEFT JOIN read_parquet('{files}') AS {name} ON entity.customer_id = {name}.customer_id"
            f" AND entity.event_timestamp >= {name}.event_timestamp"
        )
    return connection.execute(query).df()
