"""`tsugi decide --batch` over a whole population: how long, in how much memory, beside LightGBM alone."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Self

import numpy as np

from benchmarks.batch_home import N_ACTIONS, PATTERNS, PLACEMENT, outbound_workspace, populate
from benchmarks.learned import n_trees, write_learned
from benchmarks.report import Cell, Report
from decisioning.condition_array import Words
from decisioning.customer import CustomerReference
from decisioning.decide import decide
from decisioning.decision import DecisionRequest
from decisioning.outcome import Outcome, OutcomeType
from decisioning.ports import Candidate, Scores
from features.fast_layer.keeper import FastKeeper
from features.fast_layer.origin import Origin
from pipelines.composition import Composition, compose
from pipelines.outbound.run import Order, run_batch
from training.blend import pairs
from training.bundle import PolicyBundle
from training.encoding import ActionEntry, Floats
from training.response import PAIRS_AT_ONCE
from training.trees import Rows, fit_trees

CUSTOMERS = (100_000, 1_000_000)
N_TREES = 200
PAIRED = 4_000
LEARNING = """
[learning]
fast = true
features = ["age", "product_views_7d", "orders"]
"""
ANSWERED = 800
"""Decisions that the fast layer learns from, where that leaves most of what all can be offered."""
OUTCOMES: tuple[OutcomeType, ...] = ("accept", "reject", "dismiss")
NO_LAYER, NEW, LEARNED = "none", "has learned nothing", "has learned from answers"


def run(*, quick: bool) -> Report:
    """Decide for 100,000 and 1,000,000 customers, by the bundle alone and with a fast layer on top of it."""
    sizes = (2_000,) if quick else CUSTOMERS
    with TemporaryDirectory() as folder:
        bundle = _bundle(outbound_workspace(Path(folder), customers=1_000), Path(folder) / "bundle", quick=quick)
        found = [row for n in sizes for row in _measured(Path(folder) / str(n), n, bundle)]
    return Report(
        f"`tsugi decide --batch`: {N_ACTIONS} actions with 3 conditions each, a budget, an inventory and a capacity; "
        f"two workers. The effect has {N_TREES} trees of 31 leaves. `LightGBM alone` is what `Booster.predict` of the "
        f"same rows would cost, by {PAIRED:,} customers; its share is wanted to be 0.7 or more of all that was spent. "
        "The same home is decided for by the bundle alone, then with a fast layer. Peak memory is that of the whole "
        "process up to then, the making of its home included.",
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


def _measured(folder: Path, customers: int, bundle: PolicyBundle) -> list[dict[str, Cell]]:
    folder.mkdir()
    plain, learning = (outbound_workspace(folder, customers=customers, learning=each) for each in ("", LEARNING))
    with compose(folder / "home", plain) as composition:
        populate(composition, customers)
        alone = _lightgbm_alone(composition, bundle, PAIRED) * customers
    rows = []
    for layer, workspace in ((NO_LAYER, plain), (NEW, learning), (LEARNED, learning)):
        with compose(folder / "home", workspace) as composition:
            composition.scorer = bundle
            composition.fast = _keeper(composition, bundle)
            if layer == LEARNED:
                _answer(composition, min(ANSWERED, customers // 8))
            with TemporaryDirectory() as out:
                found = _batch(composition, Path(out))
        spent = float(found["CPU seconds"])
        said: dict[str, Cell] = {"customers": customers, "trees": n_trees(bundle), "fast layer": layer}
        rows.append({**said, **found, **_beside(spent, alone)})
    return rows


def _keeper(composition: Composition, bundle: PolicyBundle) -> FastKeeper:
    """What keeps the fast layer of a bundle that is not published."""
    origin, workspace = Origin(composition.clock(), bundle.response.information), composition.workspace
    return FastKeeper(composition.ledger, workspace.learning, origin=lambda _: origin, window=workspace.goal.window)


def _answer(composition: Composition, n: int) -> None:
    """Decide for some customers, twice for each, and let one in three accept what they were offered."""
    for nth in range(n):
        reference = CustomerReference("user_id", f"u-{nth % PATTERNS}")
        request = DecisionRequest(f"answered-{nth}", reference, PLACEMENT, "", limit=1)
        decision, kind = decide(request, ports=composition.ports(), now=composition.clock()), OUTCOMES[nth % 3]
        shown = [(each.action, each.treatment) for each in decision.ranked]
        said = [Outcome(f"o-{nth}", decision.decision_id, *each, kind, decision.decided_at) for each in shown]
        composition.send([], said)


def _beside(spent: float, alone: float) -> dict[str, Cell]:
    """How all that was spent stands to what LightGBM's prediction alone would have cost, in CPU seconds."""
    return {"LightGBM alone, CPU s": alone, "LightGBM / all": alone / spent}


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
        "of these scoring": watch.seconds,
        "peak memory, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "contacts": report["contacts"],
        "moved": report["moved"],
        "gap, %": 100 * report["optimality_gap"],
    }


def _lightgbm_alone(composition: Composition, bundle: PolicyBundle, n: int) -> float:
    """CPU seconds for each customer that LightGBM's own prediction of all their candidates takes, by a few of them."""
    slot, population = composition.catalog.slots[PLACEMENT], composition.population()
    ids = population.ids("", n)
    crowd = population.crowd(ids, composition.clock())
    entries = [ActionEntry.of(candidate) for entrant in slot.entrants for candidate in entrant.candidates]
    columns = {name: column for name, column in crowd.columns.items() if not isinstance(column, Words)}
    rows = pairs(bundle.encode(columns, n_rows=len(ids)), bundle.response.candidates(entries).matrix)
    blends = (bundle.response.baseline, bundle.response.effect)
    grown = [blend.trees for blend in blends if blend and blend.trees]
    began = time.process_time()
    for trees in grown:
        for start in range(0, len(rows), PAIRS_AT_ONCE):
            trees.margin(rows[start : start + PAIRS_AT_ONCE])
    return (time.process_time() - began) / len(ids)


class _Watch:
    """Adds up the CPU time of scoring, in whichever thread: trees, and what stands beside them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = Lock()
        self._plain: Callable[..., Scores] = PolicyBundle.score_matrix

    def __enter__(self) -> Self:
        plain = self._plain

        def watched(bundle: PolicyBundle, customers: Floats, candidates: Sequence[Candidate]) -> Scores:
            began = time.thread_time()
            found = plain(bundle, customers, candidates)
            with self._lock:
                self.seconds += time.thread_time() - began
            return found

        PolicyBundle.score_matrix = watched  # type: ignore[method-assign, assignment]  # to time it within this block
        return self

    def __exit__(self, *_: object) -> None:
        PolicyBundle.score_matrix = self._plain  # type: ignore[method-assign]  # as it was
