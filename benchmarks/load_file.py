"""A long file from its first line to the online features, on two cores: how fast, and how much memory it takes."""

import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped] # its types are another package

from benchmarks.generated_events import OPENS, YEAR, lines
from benchmarks.offers_workspace import offers_workspace
from benchmarks.report import Cell, Report
from pipelines.composition import compose
from pipelines.ingest import load

EVENTS, QUICK = 10_000_000, 20_000
EVENTS_A_CUSTOMER = 50
LOOK_AGAIN = 0.2
"""Seconds between two looks at the memory."""


@dataclass
class Peak:
    """The most memory that this process and its children held at one look, in bytes."""

    rss: int = 0


def run(*, quick: bool) -> Report:
    """Write a file line by line, then load it."""
    n = QUICK if quick else EVENTS
    with TemporaryDirectory() as name:
        folder = Path(name)
        file, workspace = folder / "events.jsonl", offers_workspace(folder)
        with file.open("wb") as out:
            out.writelines(line + b"\n" for line in lines(n, n // EVENTS_A_CUSTOMER))
        row = _loaded(file, folder / "home", workspace)
    return Report(
        f"A file of generated events, {EVENTS_A_CUSTOMER} for each customer, into an empty home: ledger, identity, "
        "golden record and online features. One process loads, another reads along (from 32 MiB on). Memory is the "
        "resident set of both, looked at five times a second.",
        [row],
    )


def _loaded(file: Path, home: Path, workspace: Path) -> dict[str, Cell]:
    own, other = time.process_time(), _children_cpu()
    with compose(home, workspace) as composition, _watched() as peak:
        began = time.perf_counter()
        n = load(composition, file, received_at=OPENS + YEAR, source="file").accepted
        wall = time.perf_counter() - began
    own, other = time.process_time() - own, _children_cpu() - other
    return {
        "events": n,
        "seconds": wall,
        "events per s": n / wall,
        "CPU µs per event, loading": own / n * 1e6,
        "CPU µs per event, reading along": other / n * 1e6,
        "peak MiB": peak.rss / 2**20,
    }


def _children_cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


@contextmanager
def _watched() -> Iterator[Peak]:
    peak, over, me = Peak(), threading.Event(), psutil.Process()

    def watch() -> None:
        while not over.wait(LOOK_AGAIN):
            peak.rss = max(peak.rss, sum(map(_resident, [me, *me.children(recursive=True)])))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def _resident(process: psutil.Process) -> int:
    """Its resident set; 0 of one that has ended meanwhile."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
