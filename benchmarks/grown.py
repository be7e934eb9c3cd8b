"""A bundle of the size that the design reckons with: a logistic regression, and 200 trees of 31 leaves."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.learned import lesson
from decisioning.catalog import Catalog
from features.feature_set import FeatureSet
from training.artifact import write_bundle
from training.blend import Blend
from training.bundle import PolicyBundle
from training.calibration import Calibration
from training.encoding import ActionTable, FeatureEncoder, Layout
from training.feature_column import feature_columns
from training.linear import LinearShape, fit_linear
from training.logistic import sigmoid
from training.response import ResponseModel
from training.ridge import Penalties
from training.shrinkage import Shrinkage
from training.trees import Rows, Trees, fit_trees

N_TREES, N_LEAVES = 200, 31
SIMPLE_ROWS = 2_000
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


def grown_bundle(catalog: Catalog, features: FeatureSet) -> PolicyBundle:
    """A bundle of that size over a catalogue's actions and all features, as it costs; what it says means nothing."""
    layout = Layout(FeatureEncoder(tuple(feature_columns(features))), ActionTable.of(catalog))
    first, n_actions = layout.position("action"), len(layout.actions.actions)
    customers = np.random.default_rng(4).normal(size=(SIMPLE_ROWS, first))
    matrix = layout.rows(customers, np.zeros(SIMPLE_ROWS, dtype=np.int64)).astype(np.float32)
    shape = LinearShape(layout.columns, first, 0, ignore=range(first, len(layout.columns)))
    linear = fit_linear(matrix, (customers[:, 0] > 0).astype(np.float64), shape=shape, penalties=Penalties())
    response = ResponseModel(
        layout=layout,
        baseline=None,
        effect=Blend(linear, _grown(layout), 0.5),
        baseline_calibration=Calibration(),
        shown_calibration=Calibration(),
        shrinkage=Shrinkage(np.zeros(n_actions + 1), 0.0, float("nan")),
        seen=dict.fromkeys(layout.actions.actions, 1_000),
    )
    return PolicyBundle("grown", catalog.version, response)


def _grown(layout: Layout) -> Trees:
    rng = np.random.default_rng(3)
    customers = rng.normal(size=(ROWS, len(layout.features.columns)))
    entries = rng.integers(0, len(layout.actions.entries), ROWS)
    matrix = layout.rows(customers, entries)
    margin = customers @ rng.normal(0.0, 0.2, customers.shape[1]) + (entries % 7 - 3) * 0.3
    label = (rng.random(ROWS) < sigmoid(margin + customers[:, 0] * (entries % 5 - 2) * 0.3)).astype(np.float64)
    settings = {"num_leaves": N_LEAVES, "learning_rate": 0.05, "verbose": -1}
    return fit_trees(Rows(matrix, label), settings, n_trees=N_TREES, categorical=layout.categorical)
