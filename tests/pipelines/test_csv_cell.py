"""Row 27 of the reliability list, exports: no cell of a written CSV is computed by a spreadsheet that opens it."""

import csv

import pandas as pd
import pytest
from attacks import payloads
from hypothesis import given
from hypothesis import strategies as st

from pipelines.csv_cell import as_text
from pipelines.journey_files import TABLES, _tables
from pipelines.match import Row
from pipelines.match_output import write_clusters
from pipelines.model_table.file import write_table

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")
CELLS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://x")',
    "plain",
    "-1",
    "1e5",
    *payloads(2_000),
]


def is_computed(cell):
    """Whether a spreadsheet computes it: a plain number is none of those."""
    try:
        float(cell)
    except ValueError:
        return cell.startswith(BEGINNINGS)
    return False


@given(st.one_of(st.text(), st.tuples(st.sampled_from(BEGINNINGS), st.text()).map("".join)))
def test_nothing_is_computed_and_what_was_written_can_be_read_again(cell):
    written = as_text(cell)
    assert not is_computed(written)
    assert "\r" not in written
    assert written.removeprefix("'") == "\n".join(cell.replace("\r\n", "\r").split("\r")).removeprefix("'")


def cells_of(path, delimiter=","):
    with path.open(newline="", encoding="utf-8") as opened:
        return [cell for row in csv.reader(opened, delimiter=delimiter) for cell in row]


@pytest.mark.parametrize("name", ["out.csv", "out.tsv"])
def test_a_scored_table_has_no_computed_cell(tmp_path, name):
    frame = pd.DataFrame({"id": CELLS, "=name": range(len(CELLS)), "score": [-0.5] * len(CELLS)})
    write_table(frame, tmp_path / name)
    found = cells_of(tmp_path / name, "\t" if name.endswith("tsv") else ",")
    assert not [cell for cell in found if is_computed(cell)]
    assert {"plain", "-1", "-0.5", "'=1+1"} <= set(found)


def test_columns_of_one_name_are_each_written(tmp_path):
    frame = pd.DataFrame([["=1", 1, "a"], ["b", 2, "=2"]], columns=["x", "n", "x"])
    write_table(frame, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines() == ["x,n,x", "'=1,1,a", "b,2,'=2"]


def test_clusters_have_no_computed_cell(tmp_path):
    write_clusters(tmp_path / "out.csv", [Row(table=cell, id=cell, cluster=cell, probability=0.5) for cell in CELLS])
    assert not [cell for cell in cells_of(tmp_path / "out.csv") if is_computed(cell)]


def test_maps_of_journeys_have_no_computed_cell(tmp_path):
    rows = [{"stage": cell, "change": -0.5} for cell in CELLS]
    document = {"journeys": [{"journey": "=1+1", **dict.fromkeys(TABLES, rows)}]}
    written = [path for path in _tables(document, tmp_path) if path.suffix == ".csv"]
    assert len(written) == len(TABLES)
    assert not [cell for path in written for cell in cells_of(path) if is_computed(cell)]
