"""What customers will spend, beside its parts and what was recorded of others: quality.md, part D.

The horizon is never looked at: everything, how far apart customers lie included, comes from what lies before it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np

from benchmarks.identity_data import data_folder
from benchmarks.report import Cell, Report
from pipelines.model_table.file import read_table
from training.encoding import Floats
from training.value.learn import by_trees, learn_value
from training.value.quality import ValueQuality
from training.value.transactions import Sources, Transactions, transactions_of


@dataclass(frozen=True, slots=True)
class Case:
    """One table.

    Parameters: `file` below the data folder; `horizon` in days; `end`, days of history, or none: the last horizon;
    `recorded`, others' figures by the same protocol, not measured in this run.
    """

    file: str
    sources: Sources
    horizon: float
    end: float | None
    recorded: Mapping[str, tuple[str, str, str, str]]

    def read(self, folder: Path) -> tuple[Transactions, float]:
        """The transactions, and the day on which the horizon begins."""
        known, _ = transactions_of(read_table(folder / self.file), self.sources)
        if self.end is None:
            return known, float(known.day.max()) + 1 - self.horizon
        return known, float(known.day.min()) + self.end


CASES: Mapping[str, Case] = {
    "CDNOW 26 + 13 weeks": Case(
        "cdnow/CDNOW_master.txt",
        Sources("customer_id", "date", ("dollar_value",)),
        91.0,
        26 * 7.0,
        {
            "BG/NBD × own mean amount": ("14.87", "0.587", "0.659", "-5.5 %"),
            "two-stage gamma": ("14.67", "0.538", "0.663", "-12.9 %"),
            "mean of BG/NBD with Gamma-Gamma and two-stage": ("14.79", "0.590", "0.663", "-9.0 %"),
        },
    ),
    "Online Retail, last 90 days": Case(
        "uci-online-retail/online_retail.csv.gz",
        Sources("CustomerID", "InvoiceDate", ("Quantity", "UnitPrice")),
        90.0,
        None,
        {
            "BG/NBD with Gamma-Gamma": ("577", "0.814", "0.773", "-42 %"),
            "LightGBM Tweedie": ("576", "0.745", "0.754", "-36 %"),
            "mean of BG/NBD with Gamma-Gamma and two-stage": ("566", "0.755", "0.788", "-39 %"),
        },
    ),
}
OURS = "tsugi model fit --kind value"


def run(*, quick: bool) -> Report:
    rows = [row for name, case in CASES.items() for row in _rows(name, case)]
    about = (
        "Mean absolute error, correlation, normalised Gini and bias of expected amounts, of every customer known when "
        "the horizon begins." + (" (It is as quick as it gets.)" if quick else "")
    )
    return Report(about, rows)


def _rows(name: str, case: Case) -> Iterator[dict[str, Cell]]:
    known, end = case.read(data_folder())
    then = known.until(end)
    codes = np.unique(then.code)
    came = known.spent(end, end + case.horizon)[codes]
    began = process_time()
    model = learn_value(known, end=end, horizon=case.horizon)
    seconds = round(process_time() - began, 1)
    trees: Floats = np.mean([by_trees(model, each, then, end) for each in model.trees], axis=0)
    ours = {
        OURS: model.expected(then, end),
        "of it: the mean, not drawn apart, without season": model.averaged(then, end),
        "of it: BG/NBD with Gamma-Gamma": model.probabilistic(then, end),
        "of it: two-stage trees": trees,
    }
    for label, expected in ours.items():
        q = ValueQuality.of(came, expected[codes])
        told = (f"{q.mae:.2f}", f"{q.correlation:.3f}", f"{q.gini:.3f}", f"{q.bias:+.1%}")
        yield _row(name, label, told, seconds if label == OURS else "")
    for label, recorded in case.recorded.items():
        yield _row(name, f"recorded: {label}", recorded, "")


def _row(name: str, model: str, told: tuple[str, str, str, str], seconds: Cell) -> dict[str, Cell]:
    mae, correlation, gini, bias = told
    return {
        "table": name,
        "model": model,
        "MAE": mae,
        "correlation": correlation,
        "nGini": gini,
        "bias": bias,
        "CPU s": seconds,
    }
