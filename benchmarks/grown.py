"""A bundle of the size that the design reckons with: a logistic regression, and 200 trees of 31 leaves."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.learned import lesson
from training.artifact import write_bundle
from training.encoding import Layout
from training.logistic import sigmoid
from training.trees import Rows, Trees, fit_trees

N_TREES, N_LEAVES = 200, 31
ROWS = 20_000


def write_grown(workspace: Path, folder: Path, *, placement: str, decisions: int) -> None:
    """Learn a bundle for a workspace from a generated log, and write it to `folder` with trees of that size.

    They take the place of those that were chosen. What they grew from, a made-up label that asks for customers and
    actions, does not matter to what they cost.
    """
    bundle = lesson(workspace, placement=placement, decisions=decisions).learn(trials=1).bundle
    effect = replace(bundle.response.effect, trees=_grown(bundle.response.layout), weight=0.5, level=np.zeros(0))
    grown = replace(bundle, response=replace(bundle.response, effect=effect))
    write_bundle(grown, folder, created_at=datetime.now(UTC))


def _grown(layout: Layout) -> Trees:
    rng = np.random.default_rng(3)
    customers = rng.normal(size=(ROWS, len(layout.features.columns)))
    entries = rng.integers(0, len(layout.actions.entries), ROWS)
    matrix = layout.rows(customers, entries)
    margin = customers @ rng.normal(0.0, 0.2, customers.shape[1]) + (entries % 7 - 3) * 0.3
    label = (rng.random(ROWS) < sigmoid(margin + customers[:, 0] * (entries % 5 - 2) * 0.3)).astype(np.float64)
    settings = {"num_leaves": N_LEAVES, "learning_rate": 0.05, "verbose": -1}
    return fit_trees(Rows(matrix, label), settings, n_trees=N_TREES, categorical=layout.categorical)
