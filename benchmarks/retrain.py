"""What retraining the whole fleet costs on the generated bank, stage by stage, and how that grows with the log.

    python -m benchmarks --only retrain
    python -m benchmarks.retrain HOMES 1000000 3000000    # larger logs, kept in a folder: 14 KB of disk a decision

The second leaves its figures in the folder too, as `retrain.json`.

Homes are made, and retrained, in processes of their own, so that a size's memory is its own.
"""

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.report import Cell, Report

SIZES = (30_000, 100_000, 300_000)
CUSTOMERS = 20_000
STAGES = ("bringing", "reading", "learning", "judging", "recording")
"""How what a retraining says of itself begins, stage by stage; the last is said before it records and publishes."""
NAMES = ("history and online store", "reading the log", "learning", "judging", "recording, publishing")
Costs = dict[str, float]


def run(*, quick: bool) -> Report:
    """Retrain on homes of three sizes."""
    with TemporaryDirectory() as folder:
        return measured(Path(folder), (2_000,) if quick else SIZES, customers=500 if quick else CUSTOMERS)


def measured(homes: Path, sizes: Sequence[int], *, customers: int) -> Report:
    """A row for each stage of each size, and what each further million of decisions costs.

    Parameters: `homes`, where homes are made that are not there yet.
    """
    found = {size: _retrained(homes / str(size), size, customers) for size in sizes}
    totals = {size: sum(stage["cpu"] for stage in stages.values()) for size, stages in found.items()}
    return Report(
        f"One retraining of everything that `examples/bank` declares, at its default budget: {customers:,} customers, "
        "13 actions, features as logged with the decisions. CPU of the process, all threads; memory: its peak by the "
        f"stage's end. {_slope(totals)}",
        [row for size, stages in found.items() for row in _rows(size, stages)],
    )


def _slope(totals: dict[int, float]) -> str:
    if len(totals) < 2:
        return ""
    slope, start = np.polyfit([*totals], [*totals.values()], 1)
    exponent = np.polyfit(np.log([*totals]), np.log([*totals.values()]), 1)[0]
    return (
        f"A line through the totals: {start:,.0f} CPU seconds, and {slope * 1e6:,.0f} for each million decisions; "
        f"the cost grows with their number to the power of {exponent:.2f}."
    )


def _rows(size: int, stages: dict[str, Costs]) -> Iterator[dict[str, Cell]]:
    total = {"wall": 0.0, "cpu": 0.0, "gib": 0.0}
    for name, costs in stages.items():
        total = {key: max(total[key], costs[key]) if key == "gib" else total[key] + costs[key] for key in total}
        yield _row(size, name, costs)
    yield _row(size, "all of it", total)


def _row(size: int, stage: str, costs: Costs) -> dict[str, Cell]:
    figures = {"seconds": costs["wall"], "CPU seconds": costs["cpu"], "memory, GiB": costs["gib"]}
    return {"decisions": size, "stage": stage, **figures}


def _retrained(home: Path, size: int, customers: int) -> dict[str, Costs]:
    if not (home / "made").exists():
        shutil.rmtree(home, ignore_errors=True)
        _process("make", home, size, customers)
    stages: dict[str, Costs] = json.loads(_process("retrain", home).splitlines()[-1])
    return stages


def _process(*arguments: object) -> str:
    command = [sys.executable, "-m", "benchmarks.retrain", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@dataclass
class Stopwatch:
    """Notes what each stage cost when the next one is announced."""

    costs: dict[str, Costs] = field(default_factory=dict)
    _stage: str = ""
    _wall: float = 0.0
    _cpu: float = 0.0

    def hear(self, told: str) -> None:
        """A stage begins, and the one before it is over."""
        place = next((place for place, start in enumerate(STAGES) if told.startswith(start)), None)
        if place is not None:
            self.begin(NAMES[place])

    def begin(self, stage: str) -> None:
        """Close the stage before this one."""
        wall, cpu = time.perf_counter(), time.process_time()
        if self._stage:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            self.costs[self._stage] = {"wall": wall - self._wall, "cpu": cpu - self._cpu, "gib": peak}
        self._stage, self._wall, self._cpu = stage, wall, cpu


def _make(home: Path, size: int, customers: int) -> None:
    from benchmarks.decided_home import decided_home

    matured = decided_home(home, customers=customers, decisions=size)
    (home / "made").write_text(matured.isoformat())


def _retrain(home: Path) -> None:
    from pipelines.retrain import retrain_workspace

    for name in ("mlflow.db", "mlartifacts", "bundles", "optuna.journal"):
        _forget(home / name)
    watch = Stopwatch()
    as_of = datetime.fromisoformat((home / "made").read_text())
    retrain_workspace(home, Path("examples/bank"), as_of=as_of, say=watch.hear)
    watch.begin("")
    sys.stdout.write(json.dumps(watch.costs) + "\n")


def _forget(path: Path) -> None:
    """Remove what an earlier retraining left, so that each one is the first."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def main(arguments: Sequence[str]) -> None:
    """Measure homes of the sizes given, or do a child's part."""
    if arguments[0] == "make":
        _make(Path(arguments[1]), int(arguments[2]), int(arguments[3]))
    elif arguments[0] == "retrain":
        _retrain(Path(arguments[1]))
    else:
        report = measured(Path(arguments[0]), tuple(map(int, arguments[1:])), customers=CUSTOMERS)
        report.write(Path(arguments[0]) / "retrain.json", quick=False)
        sys.stdout.write(f"{report.about}\n\n{report.table()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
