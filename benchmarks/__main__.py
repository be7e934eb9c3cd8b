"""Measures everything of `docs/benchmarks.md`, or what is asked for.

    python -m benchmarks [--quick] [--only NAME]... [--out FOLDER]

Run it from the repository's folder.
"""

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TextIO

from benchmarks.machine import machine_line
from benchmarks.report import Report

BENCHMARKS = {
    "core": "benchmarks.decide_core",
    "decide": "benchmarks.decide_http",
    "growth": "benchmarks.decide_growth",
    "batch": "benchmarks.batch",
    "triggers": "benchmarks.triggers",
    "conditions": "benchmarks.conditions",
    "ingest": "benchmarks.ingest",
    "files": "benchmarks.load_file",
    "visible": "benchmarks.visible",
    "features": "benchmarks.feature_store",
    "training": "benchmarks.learning_time",
    "retrain": "benchmarks.retrain",
    "gate": "benchmarks.gate",
    "coffee": "benchmarks.coffee",
    "coffee_served": "benchmarks.coffee_served",
    "hillstrom": "benchmarks.hillstrom",
    "placebo": "benchmarks.placebo",
    "heterogeneity": "benchmarks.heterogeneity",
    "intervals": "benchmarks.intervals",
    "identity": "benchmarks.identity_quality",
    "tables": "benchmarks.table_models",
    "value": "benchmarks.customer_value",
    "journeys": "benchmarks.journeys",
    "online": "benchmarks.online",
    "stream": "benchmarks.bank_stream",
}
"""Every benchmark by name: the module whose `run(quick=...)` measures it."""


def main(arguments: list[str], out: TextIO = sys.stdout) -> None:
    """Measure, print tables, write JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="see that everything runs; the figures mean little")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder of the JSON files")
    given = parser.parse_args(arguments)
    try:
        given.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--out {given.out} cannot be a folder: {error.strerror}")
    out.write(f"{machine_line()}\n")
    for name in given.only or BENCHMARKS:
        began = time.monotonic()
        report = _measured(name, quick=given.quick)
        report.write(given.out / f"{name}.json", quick=given.quick)
        out.write(f"\n## {name} ({time.monotonic() - began:.0f} s)\n\n{report.about}\n\n{report.table()}\n")
        out.flush()


def _measured(name: str, *, quick: bool) -> Report:
    """Each benchmark is imported when its turn comes: feast alone takes seconds."""
    report: Report = import_module(BENCHMARKS[name]).run(quick=quick)
    return report


if __name__ == "__main__":
    main(sys.argv[1:])
