"""Gradient-boosted trees: LightGBM, pinned so that the same data gives the same text.

Only the text format travels, and only numpy goes in; categories are codes that we made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from training.encoding import Floats

PINNED: Mapping[str, Any] = {
    "objective": "binary",
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,
    "num_threads": 1,
    "max_bin": 63,
    "bin_construct_sample_cnt": 50_000,
    "min_data_per_group": 50,
    "cat_smooth": 20.0,
    "verbosity": -1,
}
"""What no search may change. One thread: on two busy cores a second one cost ten times the CPU and gained nothing."""

BINNING = ("max_bin", "bin_construct_sample_cnt", "feature_pre_filter", "verbosity")
"""What of it matters when columns are cut into bins."""


@dataclass(frozen=True)
class Trees:
    """A fitted booster over the whole matrix."""

    booster: lightgbm.Booster

    def margin(self, matrix: Floats, *, num_threads: int = 1) -> Floats:
        """Log-odds (n,) of C-contiguous rows (n, n_columns), without the offset they were fitted on."""
        return np.asarray(self.booster.predict(matrix, raw_score=True, num_threads=num_threads), dtype=np.float64)

    def contributions(self, matrix: Floats) -> Floats:
        """Each column's share of the log-odds (SHAP), shape (n, n_columns + 1); the last is the intercept."""
        return np.asarray(self.booster.predict(matrix, pred_contrib=True, num_threads=1), dtype=np.float64)


@dataclass(frozen=True)
class Rows:
    """Training rows of one model.

    Parameters: `matrix` (n, n_columns); `label` (n,); `offset` (n,), log-odds to start from, if any.
    """

    matrix: Floats
    label: Floats
    offset: Floats | None = None

    def __len__(self) -> int:
        return len(self.label)

    def take(self, index: Any) -> "Rows":
        """Some of the rows."""
        return Rows(self.matrix[index], self.label[index], None if self.offset is None else self.offset[index])

    def dataset(self, categorical: Sequence[int], *, reference: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
        """As LightGBM wants it; `reference` shares the bins of the training rows."""
        return lightgbm.Dataset(
            self.matrix,
            label=self.label,
            init_score=self.offset,
            reference=reference,
            categorical_feature=list(categorical),
            params={name: PINNED[name] for name in BINNING},
            free_raw_data=False,
        )


def fit_trees(
    rows: Rows, parameters: Mapping[str, Any], *, n_trees: int, categorical: Sequence[int], seed: int = 7
) -> Trees:
    """Fit exactly `n_trees` trees."""
    settings = {**PINNED, **parameters, "seed": seed}
    return Trees(lightgbm.train(settings, rows.dataset(categorical), num_boost_round=n_trees))
