"""The public tables of quality.md, part C, as they are, and what their columns are for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.model_table.file import read_table
from training.tabular.table import Roles


@dataclass(frozen=True, slots=True)
class Source:
    """One table. Parameters: `file` below the data folder; `roles` of its columns; `n_folds` it is judged in."""

    file: str
    roles: Roles
    n_folds: int = 10


BANK = "uci-bank-marketing/bank-additional-full.csv.gz"
SOURCES: Mapping[str, Source] = {
    "telco": Source("telco-churn-ibm/Telco-Customer-Churn.csv", Roles("Churn", ids=("customerID",))),
    "bank": Source(BANK, Roles("y", drop=("duration",))),
    "hillstrom visit": Source("hillstrom/hillstrom.csv.gz", Roles("visit", drop=("conversion", "spend")), 5),
}
BANK_IN_TIME = Source(BANK, Roles("y", drop=("duration",), ordered=True), 1)


def table(source: Source, folder: Path) -> pd.DataFrame:
    """Its rows, cells as text."""
    return read_table(folder / source.file)
