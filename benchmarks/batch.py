"""`tsugi decide --batch` over a whole population: how long, in how much memory, and how much of it LightGBM takes."""

import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Self

import numpy as np

from benchmarks.batch_home import N_ACTIONS, PLACEMENT, outbound_workspace, populate
from benchmarks.learned import n_trees, write_learned
from benchmarks.report import Cell, Report
from pipelines.composition import Composition, compose
from pipelines.outbound.run import Order, run_batch
from training.bundle import PolicyBundle
from training.encoding import Floats, Matrix
from training.trees import Rows, Trees, fit_trees

CUSTOMERS = (100_000, 1_000_000)
N_TREES = 200


def run(*, quick: bool) -> Report:
    """Decide for 100,000 and 1,000,000 customers."""
    sizes = (2_000,) if quick else CUSTOMERS
    with TemporaryDirectory() as folder:
        bundle = _bundle(outbound_workspace(Path(folder), customers=1_000), Path(folder) / "bundle", quick=quick)
        found = [_measured(Path(folder) / str(n), n, bundle) for n in sizes]
    return Report(
        f"`tsugi decide --batch`: {N_ACTIONS} actions with 3 conditions each, a budget, an inventory and a capacity; "
        f"two workers. The effect has {N_TREES} trees of 31 leaves. `CPU in LightGBM` is that of `Booster.predict` "
        "over that of all. Peak memory is that of the whole process, the making of its home included.",
        found,
    )


def _bundle(workspace: Path, folder: Path, *, quick: bool) -> PolicyBundle:
    """A bundle learned in little time, its effect's trees replaced by as many as are usual in service."""
    bundle = write_learned(workspace, folder, placement=PLACEMENT, decisions=4_000, trials=1)
    layout, rng = bundle.response.layout, np.random.default_rng(1)
    matrix = rng.normal(size=(8_000, len(layout.columns)))
    matrix[:, layout.categorical] = rng.integers(0, 3, (8_000, len(layout.categorical)))
    rows = Rows(matrix, (rng.random(8_000) < 1 / (1 + np.exp(-matrix[:, :6].sum(axis=1)))).astype(np.float64))
    grown = {"num_leaves": 31, "learning_rate": 0.05, "min_data_in_leaf": 20, "verbosity": -1}
    trees = fit_trees(rows, grown, n_trees=10 if quick else N_TREES, categorical=layout.categorical)
    effect = replace(bundle.response.effect, trees=trees, weight=0.1)
    return replace(bundle, response=replace(bundle.response, effect=effect))


def _measured(folder: Path, customers: int, bundle: PolicyBundle) -> dict[str, Cell]:
    folder.mkdir()
    workspace = outbound_workspace(folder, customers=customers)
    with compose(folder / "home", workspace) as composition:
        populate(composition, customers)
        composition.scorer = bundle
        return {"customers": customers, "trees": n_trees(bundle), **_batch(composition, folder / "out")}


def _batch(composition: Composition, out: Path) -> dict[str, Cell]:
    said: list[float] = []
    wall, cpu = time.perf_counter(), time.process_time()
    with _Watch() as watch:
        order = Order("bench", PLACEMENT, out, workers=2)
        report = run_batch(composition, order, say=lambda _: said.append(time.process_time() - cpu))
    spent = time.process_time() - cpu
    return {
        "seconds": time.perf_counter() - wall,
        "CPU seconds": spent,
        "of these weighing": said[0],
        "CPU in LightGBM": watch.seconds / spent,
        "peak memory, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "contacts": report["contacts"],
        "moved": report["moved"],
        "gap, %": 100 * report["optimality_gap"],
    }


class _Watch:
    """Adds up the CPU time of LightGBM's own prediction, in whichever thread."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = Lock()
        self._plain: Callable[..., Floats] = Trees.margin

    def __enter__(self) -> Self:
        plain = self._plain

        def watched(trees: Trees, matrix: Matrix, *, num_threads: int = 1) -> Floats:
            began = time.thread_time()
            found = plain(trees, matrix, num_threads=num_threads)
            with self._lock:
                self.seconds += time.thread_time() - began
            return found

        Trees.margin = watched  # type: ignore[method-assign, assignment]  # to time it within this block
        return self

    def __exit__(self, *_: object) -> None:
        Trees.margin = self._plain  # type: ignore[method-assign]  # as it was
