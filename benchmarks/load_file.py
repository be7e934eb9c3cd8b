"""A long file from its first line to the online features, on two cores: how fast, and how much memory it takes."""

import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.generated_events import lines
from benchmarks.offers_workspace import offers_workspace
from benchmarks.report import Cell, Report
from pipelines.ingest import ingest_file

EVENTS, QUICK = 10_000_000, 20_000
EVENTS_A_CUSTOMER = 50


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
        "most that each of the two ever held, together.",
        [row],
    )


def _loaded(file: Path, home: Path, workspace: Path) -> dict[str, Cell]:
    own, other = time.process_time(), _children_cpu()
    began = time.perf_counter()
    n = ingest_file(home, workspace, file).accepted
    wall = time.perf_counter() - began
    own, other = time.process_time() - own, _children_cpu() - other
    return {
        "events": n,
        "seconds": wall,
        "events per s": n / wall,
        "CPU µs per event, loading": own / n * 1e6,
        "CPU µs per event, reading along": other / n * 1e6,
        "peak MiB": _most_held() / 2**10,
    }


def _children_cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _most_held() -> int:
    """The most memory that this process held and the most that a child did, in KiB."""
    return sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
