"""Public tables of people with the truth, by path: Splink's demonstration data and FEBRL's."""

import os
from pathlib import Path

from features.matching.kind import kinds_of
from features.matching.people import People, people_of
from features.matching.people_file import read_people

TABLES = {
    "fake_1000": ("splink-demo/fake_1000.csv", "cluster"),
    "fake_20000": ("splink-demo/fake_20000.csv", "group"),
    "historical 50k": ("splink-demo/historical_figures_with_errors_50k.parquet", "cluster"),
    "febrl 1": ("febrl/dataset1.csv", ""),
    "febrl 2": ("febrl/dataset2.csv", ""),
    "febrl 3": ("febrl/dataset3.csv", ""),
}
"""Every table by name: its file below the data folder, and the column of the true person ("": a part of the id)."""


def data_folder() -> Path:
    """The folder that TSUGI_TEST_DATA names."""
    root = os.environ.get("TSUGI_TEST_DATA")
    if not root:
        raise SystemExit("give --data or set TSUGI_TEST_DATA: it names the folder of public data sets")
    return Path(root)


def load(name: str, folder: Path) -> tuple[People, list[str]]:
    """A table's records, its fields recognised by name, and whose each record is: for scoring only."""
    file, truth = TABLES[name]
    table = read_people(folder / file)
    kinds = {column: kind for column, kind in kinds_of(list(table.columns), {}).items() if column != truth}
    people = people_of(table.ids, table.columns, kinds)
    return people, table.columns[truth] if truth else [identity.split("-")[1] for identity in table.ids]
