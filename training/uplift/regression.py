"""The one regression that every learner is made of: few, small, slow trees, the same for all, tuned on nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import lightgbm
import numpy as np

from training.encoding import Matrix
from training.reward_log import Floats

ROUNDS = 80
PARAMETERS: Mapping[str, Any] = {
    "objective": "regression",
    "learning_rate": 0.08,
    "num_leaves": 8,
    "lambda_l2": 5.0,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 63,
    "min_data_per_group": 50,
    "cat_smooth": 20.0,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}
LEAVES_OF_A_LOG = 200
"""A leaf holds at least this part of the rows, so that noise is averaged over many."""
SMALLEST_LEAF = 20


def regress(
    matrix: Matrix, target: Floats, *, categorical: Sequence[int], seed: int, changes: Mapping[str, Any] | None = None
) -> lightgbm.Booster:
    """Fit E[target | row] on rows (n, n_columns)."""
    settings = {**_settings(len(target), seed), **(changes or {})}
    data = lightgbm.Dataset(matrix, label=target, categorical_feature=list(categorical), params=settings)
    return lightgbm.train(settings, data, num_boost_round=ROUNDS)


def expected(booster: lightgbm.Booster, matrix: Matrix) -> Floats:
    """E[target | row] (n,) of a fitted one."""
    return np.asarray(booster.predict(matrix, num_threads=1), dtype=np.float64)


def in_bins(matrix: Matrix, *, categorical: Sequence[int], seed: int) -> lightgbm.Dataset:
    """Rows (n, n_columns) cut into bins, for several regressions on them, one after the other."""
    settings = _settings(len(matrix), seed)
    return lightgbm.Dataset(matrix, categorical_feature=list(categorical), params=settings).construct()


def regress_bins(bins: lightgbm.Dataset, target: Floats, *, seed: int) -> lightgbm.Booster:
    """As `regress`, on rows that were cut into bins with the same seed."""
    return lightgbm.train(_settings(len(target), seed), bins.set_label(target), num_boost_round=ROUNDS)


def _settings(n: int, seed: int) -> dict[str, Any]:
    return {**PARAMETERS, "min_data_in_leaf": max(SMALLEST_LEAF, n // LEAVES_OF_A_LOG), "seed": seed}
