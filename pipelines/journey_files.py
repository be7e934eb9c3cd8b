"""The maps of journeys as files: the document, a table each as CSV and Parquet, three pictures a journey."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.journey.picture_flow import flow
from features.journey.picture_pain import pains
from features.journey.picture_time import time_in_stage
from pipelines.csv_cell import all_as_text

Document = dict[str, Any]
TABLES = ("stages", "transitions", "paths", "targets", "pain_points", "goals")
DPI = 130


def write_files(document: Document, folder: Path) -> list[Path]:
    """Write everything into a folder, which is made where it is missing; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / "journeys.json"
    whole.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return [whole, *_tables(document, folder), *_pictures(document, folder)]


def _tables(document: Document, folder: Path) -> Iterator[Path]:
    for name in TABLES:
        rows = [
            {"journey": journey["journey"], **_flat(row)} for journey in document["journeys"] for row in journey[name]
        ]
        columns = list(dict.fromkeys(column for row in rows for column in row))
        cells = {column: [row.get(column) for row in rows] for column in columns}
        for_people = {column: all_as_text(found) for column, found in cells.items()}
        pa_csv.write_csv(pa.table(for_people), folder / f"{name}.csv")
        pq.write_table(pa.table(cells), folder / f"{name}.parquet")
        yield folder / f"{name}.csv"
        yield folder / f"{name}.parquet"


def _pictures(document: Document, folder: Path) -> Iterator[Path]:
    period = f"{document['since'][:10]} to {document['until'][:10]}"
    for journey in document["journeys"]:
        drawn = {
            "flow": flow(journey, period),
            "time": time_in_stage(journey, period),
            "pain": pains(journey, document["currency"]),
        }
        for name, figure in drawn.items():
            path = folder / f"{journey['journey']}_{name}.png"
            figure.savefig(path, dpi=DPI)
            yield path


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """A row without anything inside: names joined by underscores, lists of words joined by `>`.

    >>> _flat({"days": {"p50": {"n": 3}}, "stages": ["a", "b"]})
    {'days_p50_n': 3, 'stages': 'a > b'}
    """
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and name not in ("behind",):
            flat |= _flat(value, f"{before}{name}_")
        else:
            flat[before + name] = _plain(value)
    return flat


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return " > ".join(value)
    return ", ".join(f"{name} {n}" for name, n in value.items()) if isinstance(value, Mapping) else value
