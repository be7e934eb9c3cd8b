"""Journeys: the maps of a year, drawn from a million rows of history."""

import resource
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.report import Cell, Report, spent
from decisioning.condition import compile_condition
from decisioning.journey import Journey
from features.catalog_source import feature_set_of
from features.feature_set import FeatureSet
from features.history_part import TIME, file_name, schema
from features.home import Home
from features.instant import to_us
from features.journey.history_stays import Wanted, history_stays
from features.journey.needed import columns_by_view, needed_features
from features.journey.report import report
from features.journey.stays import Period
from features.lift import View
from features.online_store import PackedRows
from features.primitives import DAY_US
from features.workspace import Workspace

OPENS_US = to_us(datetime(2025, 11, 1, tzinfo=UTC))
PERIOD = Period(OPENS_US, OPENS_US + 365 * int(DAY_US))
CHANGES_PER_CUSTOMER = 12
"""In each view, over the year."""
AT_ONCE = 2_000
"""Customers whose rows are made at once."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A made-up history."""

    home: Home
    features: FeatureSet
    customers: list[str]
    n_rows: int


def run(*, quick: bool) -> Report:
    """Make a history, then draw the maps of the bank's journeys."""
    features = feature_set_of(Workspace.load(Path("examples/bank")))
    journeys = features.journeys.journeys
    with TemporaryDirectory() as folder:
        made = _made(Home(Path(folder)).create(), features, 500 if quick else 14_000)
        rows = [
            _drawn(made, "both journeys, crossings solved", journeys),
            _drawn(made, "banking alone, crossings solved", journeys[:1]),
            _drawn(made, "banking alone, every day looked at", (_daily(journeys[0]),)),
        ]
    return Report(
        f"The maps of the journeys of `examples/bank` over a year of {len(made.customers):,} made-up customers. CPU of "
        "this process, all threads; memory: how far the peak rose while drawing.",
        rows,
    )


def _made(home: Home, features: FeatureSet, n_customers: int) -> _Made:
    """Write random states of the views that the maps read."""
    views = [features.view(name) for name in columns_by_view(needed_features(features, features.journeys.journeys))]
    customers = [f"c_{number:08d}" for number in range(n_customers)]
    for place, view in enumerate(views):
        file = home.history / view.name / file_name(0, 1)
        file.parent.mkdir(parents=True)
        with pq.ParquetWriter(file, schema(view)) as writer:
            for start in range(0, n_customers, AT_ONCE):
                writer.write_table(_states(view, customers[start : start + AT_ONCE], seed=place * n_customers + start))
    with closing(PackedRows(home.states)) as rows, rows.exclusive(features.fingerprint) as transaction:
        transaction.advance(1)
    return _Made(home, features, customers, len(views) * n_customers * CHANGES_PER_CUSTOMER)


def _states(view: View, customers: list[str], *, seed: int) -> pa.Table:
    chance, n = np.random.default_rng(seed), len(customers) * CHANGES_PER_CUSTOMER
    at_us = OPENS_US + chance.integers(0, 365 * int(DAY_US), n)
    columns = [
        at_us - chance.integers(0, 30 * int(DAY_US), n) if column.endswith("at") else chance.poisson(0.4, n)
        for column in view.columns
    ]
    arrays = [pa.array(np.repeat(customers, CHANGES_PER_CUSTOMER)), *[pa.array(at_us).cast(TIME)] * 2]
    return pa.Table.from_arrays([*arrays, *(pa.array(c.astype(np.float64)) for c in columns)], schema=schema(view))


def _drawn(made: _Made, what: str, journeys: tuple[Journey, ...]) -> dict[str, Cell]:
    def draw() -> None:
        found = history_stays(made.home, made.features, Wanted(made.customers, journeys, PERIOD))
        report(made.features.journeys, found, PERIOD)

    before = _peak_mb()
    used = spent(draw)
    return {
        "what": what,
        "history rows": made.n_rows,
        "CPU s": used.cpu,
        "CPU µs each": used.cpu / made.n_rows * 1e6,
        "peak rose by MB": f"{_peak_mb() - before:,.0f}",
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _daily(journey: Journey) -> Journey:
    """The journey with a condition that compares two features that both move, which no crossing solves."""
    moving = compile_condition("product_views_7d >= product_views_1d + 1.2")
    first, second, *others = journey.stages
    return replace(journey, stages=(first, replace(second, condition=moving), *others))
