"""E[amount | spends]: trees of the logarithm of the mean, with the gamma deviance."""

from typing import Any

import lightgbm
import numpy as np

from training.encoding import Floats, Matrix
from training.tabular.candidate import PRESET
from training.trees import PINNED, Trees

N_TREES = 200
BINNED = ("max_bin", "verbosity", "num_threads")
"""What cuts the columns into bins, of what no search may change."""
LARGEST = 0.995
"""Amounts are cut at this quantile while learning; the mean is restored afterwards."""


def fit_amount(matrix: Matrix, spent: Floats, *, seed: int) -> tuple[Trees, float]:
    """The trees, and the scale by which their amounts add up to what was spent.

    Parameters: `matrix` (n, n_columns) and `spent` (n,), above 0, of those who spent.
    """
    settings: dict[str, Any] = {**PINNED, **PRESET.parameters, "objective": "gamma", "seed": seed}
    cut = np.minimum(spent, np.quantile(spent, LARGEST))
    data = lightgbm.Dataset(matrix, label=cut, params={name: PINNED[name] for name in BINNED})
    trees = Trees(lightgbm.train(settings, data, num_boost_round=N_TREES))
    return trees, float(spent.sum() / np.exp(trees.margin(matrix)).sum())
