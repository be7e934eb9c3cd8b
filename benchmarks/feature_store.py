"""Features: first load, live updates, online reads, and the point-in-time join next to DuckDB's own ASOF JOIN.

    python benchmarks/feature_store.py --events 200000 --customers 4000

Prints a table of CPU times of this process, and writes them as JSON where `--json FILE` says so.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import orjson
import pandas as pd

from decisioning.customer import CustomerReference
from features.feature_set import FeatureSet
from features.historical import training_frame
from features.history import STATES, History
from features.home import Home
from features.identity import IdentityGraph
from features.intake import Arrival, Intake
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.online_store import PackedRows
from features.projection import FeatureProjection

OPENS = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
NAMES = ["", "", "", "Product Viewed", "Product Viewed", "Order Completed", "Ticket Opened", "Survey Answered"]


def lines(n: int, customers: int, *, chance: random.Random) -> Iterator[bytes]:
    """Events of a year, in order of time."""
    for number in range(n):
        name = chance.choice(NAMES)
        at = OPENS + YEAR * (number / n)
        event = {"type": "track" if name else "page", "messageId": f"m-{number}", "timestamp": at.isoformat()}
        event |= {"userId": f"u-{chance.randrange(customers)}"}
        if name:
            event |= {"event": name, "properties": {"revenue": 12.5, "product": "loan", "nps": 7}}
        yield orjson.dumps(event)


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process, all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measure(home: Home, *, events: int, customers: int, joins: int) -> dict[str, float]:
    """Every figure, by name."""
    chance, features, figures = random.Random(1), FeatureSet.load(None), {}  # noqa: S311 - a seeded benchmark
    with Ledger(home.ledger) as ledger:
        arrival = Arrival(OPENS + YEAR, backfill=True)
        intake = Intake(ledger)
        taken = cpu(lambda: intake.load(lines(events, customers, chance=chance), arrival))
        figures["ledger load, events per s"] = events / taken
        history = History(home.history, features)
        written = cpu(lambda: history.catch_up(ledger))
        projection = FeatureProjection(ledger, PackedRows(home.online), features, seed=home.history / STATES)
        seeded = cpu(projection.catch_up)
        figures["first load of history and online rows, events per s"] = events / (written + seeded)
        alone = FeatureProjection(ledger, PackedRows(home.path / "alone.db"), features)
        figures["first load of online rows alone, events per s"] = events / cpu(alone.catch_up)
        for batch in (1, 300):
            figures[f"live update in batches of {batch}, µs per event"] = live(intake, projection, batch)
        figures["behind?, µs"] = 1e6 * cpu(lambda: [projection.behind for _ in range(2000)]) / 2000
        ids = [
            IdentityGraph(ledger).resolve(CustomerReference("user_id", f"u-{n}")) for n in range(min(customers, 1000))
        ]
        intake.close()
    known = [each for each in ids if each]
    return figures | reads(home, features, known) | joined(home, features, known, joins)


def live(intake: Intake, projection: FeatureProjection, batch: int) -> float:
    """µs per event to apply what was just taken in."""
    spent, rounds = 0.0, 1 + 600 // batch
    for number in range(rounds):
        now = OPENS + YEAR + timedelta(seconds=number)
        fresh = {"timestamp": now.isoformat()}
        tail = lines(batch, 1000, chance=random.Random(number))  # noqa: S311 - a seeded benchmark
        events = [orjson.loads(line) | fresh | {"messageId": f"{batch}-{number}-{n}"} for n, line in enumerate(tail)]
        intake.accept(events, received_at=now)
        spent += cpu(projection.catch_up)
    return 1e6 * spent / (rounds * batch)


def reads(home: Home, features: FeatureSet, customers: list[str]) -> dict[str, float]:
    """One customer's features, through the store and from its state alone."""
    online, now = OnlineFeatures(home.online, features), OPENS + YEAR
    state, now_us = features.empty(1), np.array([1.75e15])
    return {
        "online read, µs": 1e6 * cpu(lambda: [online.read(each, now) for each in customers]) / len(customers),
        "at() of one row, µs": 1e6 * cpu(lambda: [features.at(state, now_us) for _ in range(3000)]) / 3000,
    }


def joined(home: Home, features: FeatureSet, customers: list[str], n: int) -> dict[str, float]:
    """Rows per CPU second of the training frame, and of a plain ASOF JOIN over the same files."""
    rng = np.random.default_rng(1)
    moments = pd.to_datetime(OPENS.timestamp() + rng.random(n) * YEAR.total_seconds(), unit="s", utc=True)
    entities = pd.DataFrame({"customer_id": rng.choice(customers, n), "event_timestamp": moments.as_unit("us")})
    training_frame(home, features, entities.head(10))
    feast = cpu(lambda: training_frame(home, features, entities))
    plain = cpu(lambda: asof(home, features, entities))
    return {"training_frame, rows per s": n / feast, "plain DuckDB ASOF JOIN, rows per s": n / plain}


def asof(home: Home, features: FeatureSet, entities: pd.DataFrame) -> pd.DataFrame:
    """The same join written by hand: states only, no features."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("entity", entities)
    query = "SELECT * FROM entity"
    for view in features.views:
        files = (home.history / view.name / "*.parquet").as_posix()
        query += (
            f" ASOF LEFT JOIN read_parquet('{files}') AS {view.name} ON entity.customer_id = {view.name}.customer_id"
        )
        query += f" AND entity.event_timestamp >= {view.name}.event_timestamp"
    return connection.execute(query).df()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--customers", type=int, default=4_000)
    parser.add_argument("--joins", type=int, default=50_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).create()
        figures = measure(home, events=given.events, customers=given.customers, joins=given.joins)
    for name, value in figures.items():
        print(f"{name:52s} {value:12,.1f}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
