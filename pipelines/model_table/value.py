"""Learns from a table of transactions what customers will spend, judged on the last horizon that is over."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd

from decisioning.errors import InvalidInputError
from pipelines.clock import system_clock
from pipelines.model_table.file import read_table, write_table
from pipelines.model_table.folder import check_replaceable, replaced
from training.encoding import Floats
from training.tabular.table import TableError
from training.value.learn import ValueModel, learn_value
from training.value.quality import ValueQuality
from training.value.store import read_value, write_value
from training.value.straggler import straggling
from training.value.transactions import Sources, Transactions, transactions_of

N_HORIZONS_A_YEAR = 365.25
ADDED = ("expected_amount", "customer_value")
"""What is written of every customer."""
YEARS = 3
YEARLY_RATE = 0.1
"""What a year takes from a customer's later amounts."""


@dataclass(frozen=True, slots=True)
class ValueOrder:
    """What is asked for. Parameters: `file`, the transactions; `horizon` in days; `out`, the folder."""

    file: Path
    sources: Sources
    horizon: float
    out: Path
    seed: int = 7


@dataclass(frozen=True, slots=True)
class ValueReport:
    """How a value model came to be.

    Parameters: `judged`, how the last horizon came out, expected from what lay before it; `parts`, the same of the
    probabilistic model alone; `power`, how far expectations were drawn apart; `season`, what they are multiplied by;
    `warnings`, what of the table is odd.
    """

    table: str
    customers: int
    transactions: int
    left_out: int
    horizon_days: float
    judged: ValueQuality
    parts: dict[str, ValueQuality]
    power: float
    season: float
    version: str
    folder: str
    cpu_seconds: float
    sources: Sources
    warnings: tuple[str, ...] = ()


def fit_value(order: ValueOrder, *, say: Callable[[str], None] = lambda _: None) -> ValueReport:
    """Learn and judge the model that is ordered, and write it; raises `InvalidInputError` where it cannot be."""
    check_replaceable(order.out)
    began = process_time()
    known, left_out = transactions_of(read_table(order.file), order.sources)
    end = float(known.day.max()) + 1
    _check_history(end - float(known.day.min()), order.horizon)
    say("judging on the last horizon")
    earlier = learn_value(known, end=end - order.horizon, horizon=order.horizon, seed=order.seed)
    judged = judge(earlier, known, end - order.horizon)
    say("learning from all transactions")
    model = learn_value(known, end=end, horizon=order.horizon, seed=order.seed)
    report = ValueReport(
        table=order.file.name,
        customers=len(known.customers),
        transactions=len(known.code),
        left_out=left_out.rows,
        horizon_days=order.horizon,
        judged=judged["all"],
        parts={name: quality for name, quality in judged.items() if name != "all"},
        power=model.spread.power,
        season=model.season,
        version="",
        folder=str(order.out),
        cpu_seconds=round(process_time() - began, 1),
        sources=order.sources,
        warnings=(*left_out.in_words(), *straggling(known, order.horizon)),
    )
    plain = asdict(report)
    with replaced(order.out) as folder:
        version = write_value(model, folder, sources=order.sources, created_at=system_clock(), report=plain)
    return ValueReport(**{**{name: getattr(report, name) for name in plain}, "version": version})


def _check_history(days: float, horizon: float) -> None:
    if days <= horizon:
        told = f"the transactions lie within {days:,.0f} days: the last {horizon:g} judge, and nothing lies before them"
        raise TableError(f"{told}; name fewer --horizon-days", code="too_little_data", field="horizon_days")


def judge(model: ValueModel, known: Transactions, end: float) -> dict[str, ValueQuality]:
    """What came in the horizon after a day, beside what was expected, of every customer known then."""
    then = known.until(end)
    codes = np.unique(then.code)
    came = known.spent(end, end + model.horizon)[codes]
    tried: dict[str, Floats] = {
        "all": model.expected(then, end),
        "BG/NBD and Gamma-Gamma alone": model.probabilistic(then, end),
    }
    return {name: ValueQuality.of(came, expected[codes]) for name, expected in tried.items()}


def score_value(file: Path, folder: Path, out: Path, *, say: Callable[[str], None] = lambda _: None) -> int:
    """Write every customer's expected amount of the horizon after the last transaction; returns how many there are.

    Parameters: `say`, who is told what of the table is odd.
    """
    model, sources = read_value(folder)
    if sources.customer in ADDED:
        told = f"the customers' column {sources.customer!r} has the name of one that is written: {', '.join(ADDED)}"
        raise InvalidInputError(f"{told}; rename it, for `tsugi model fit` too", field="file")
    known, left_out = transactions_of(read_table(file), sources)
    end = float(known.day.max()) + 1
    for warning in (*left_out.in_words(), *straggling(known, model.horizon)):
        say(warning)
    n_horizons = max(round(YEARS * N_HORIZONS_A_YEAR / model.horizon), 1)
    value = model.discounted(known, end, n_horizons=n_horizons, yearly_rate=YEARLY_RATE)
    added = dict(zip(ADDED, (model.expected(known, end), value), strict=True))
    table = pd.DataFrame({sources.customer: known.customers, **added})
    write_table(table, out)
    return len(table)


def value_in_words(report: ValueReport) -> str:
    """What a person wants to know first."""
    lines = [
        f"table      {report.table}: {report.customers:,} customers, {report.transactions:,} days of purchase, "
        f"{report.left_out:,} rows left out",
        *(f"look at    {warning}" for warning in report.warnings),
        f"judged     the last {report.horizon_days:g} days: {_quality(report.judged)}",
        *(f"beside     {name}: {_quality(quality)}" for name, quality in report.parts.items()),
        f"chosen     drawn apart by a power of {report.power:g}, season {report.season:.3f}",
        f"model      {report.folder}, version {report.version}, {report.cpu_seconds:.0f} s of CPU",
    ]
    return "\n".join(lines)


def _quality(quality: ValueQuality) -> str:
    return (
        f"mean absolute error {quality.mae:.2f}, correlation {quality.correlation:.3f}, normalised Gini "
        f"{quality.gini:.3f}, bias {quality.bias:+.1%}, {quality.n_customers:,} customers"
    )
