"""Gradient-boosted trees: LightGBM, pinned so that the same data gives the same text.

Only the text format travels, and only numpy goes in; categories are codes that we made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats, Matrix
from training.leaf_sets import FixedTrees, LeafSets
from training.pool import BINNING, Places, Pool, binned, without
from training.tree_text import TextTree, trees_of

PINNED: Mapping[str, Any] = {
    **BINNING,
    "objective": "binary",
    "deterministic": True,
    "force_row_wise": True,
    "min_data_per_group": 50,
    "cat_smooth": 20.0,
}
"""What no search may change. One thread: on two busy cores a second one cost ten times the CPU and gained nothing."""


@dataclass(frozen=True)
class Trees:
    """A fitted booster over the whole matrix."""

    booster: lightgbm.Booster

    @property
    def n_columns(self) -> int:
        """How many columns a row has."""
        return self.booster.num_feature()

    @cached_property
    def _written(self) -> list[TextTree] | None:
        return trees_of(self.booster.model_to_string())

    def leaf_sets(self, n_customer: int) -> LeafSets | None:
        """The trees for one customer and many candidates, where they are of the kind it knows.

        Parameters: `n_customer`, how many columns, from the first, are the customer's.
        """
        return LeafSets(self._written, self.n_columns, n_customer) if self._written else None

    @cached_property
    def of_one(self) -> FixedTrees | None:
        """The trees for one row at a time; None where LightGBM has to score."""
        sets = self.leaf_sets(self.n_columns)
        return sets.fixed(np.full((1, self.n_columns), np.nan)) if sets else None

    def margin(self, matrix: Matrix, *, num_threads: int = 1) -> Floats:
        """Log-odds (n,) of C-contiguous rows (n, n_columns), without the offset they were fitted on."""
        return np.asarray(self.booster.predict(matrix, raw_score=True, num_threads=num_threads), dtype=np.float64)

    def contributions(self, matrix: Matrix) -> Floats:
        """Each column's share of the log-odds (SHAP), shape (n, n_columns + 1); the last is the intercept."""
        return np.asarray(self.booster.predict(matrix, pred_contrib=True, num_threads=1), dtype=np.float64)


@dataclass(frozen=True)
class Rows:
    """Training rows of one model.

    Parameters: `matrix` (n, n_columns); `label` (n,); `offset` (n,), log-odds to start from, if any; `pool`, in which
    the rows lie at ascending `places` (n,), where they share one.
    """

    matrix: Matrix
    label: Floats
    offset: Floats | None = None
    pool: Pool | None = None
    places: Places | None = None

    def __len__(self) -> int:
        return len(self.label)

    @classmethod
    def of(cls, pool: Pool, places: Places, label: Floats) -> "Rows":
        """Rows of a pool."""
        return cls(pool.rows(places), label, None, pool, places)

    def on(self, offset: Floats) -> "Rows":
        """The same rows, starting from other log-odds (n,)."""
        return replace(self, offset=offset)

    def take(self, index: NDArray[Any] | slice) -> "Rows":
        """Some of the rows, in their order."""
        label, offset = self.label[index], None if self.offset is None else self.offset[index]
        if self.pool is None or self.places is None:
            return Rows(self.matrix[index], label, offset)
        places = self.places[index]
        return Rows(self.pool.rows(places), label, offset, self.pool, places)

    def join(self, other: "Rows") -> "Rows":
        """These rows and then others; offsets where both have them."""
        label = np.concatenate([self.label, other.label])
        starts = [self.offset, other.offset]
        offset = (
            None if any(start is None for start in starts) else np.concatenate([s for s in starts if s is not None])
        )
        if self.pool is None or self.pool is not other.pool or self.places is None or other.places is None:
            return Rows(np.vstack([self.matrix, other.matrix]), label, offset)
        places = np.concatenate([self.places, other.places])
        return Rows(self.pool.rows(places), label, offset, self.pool, places)

    def dataset(self, categorical: Sequence[int], *, reference: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
        """As LightGBM wants it; `reference` shares the bins of the training rows. A pool has its own bins."""
        if self.pool is not None and self.places is not None and self.pool.holds(reference):
            return self.pool.dataset(self.places, self.label, self.offset)
        visible = without(self.matrix, self.pool.hidden if self.pool else ())
        return binned(visible, self.label, categorical=categorical, offset=self.offset, reference=reference)


def fit_trees(
    rows: Rows, parameters: Mapping[str, Any], *, n_trees: int, categorical: Sequence[int], seed: int = 7
) -> Trees:
    """Fit exactly `n_trees` trees."""
    settings = {**PINNED, **parameters, "seed": seed}
    return Trees(lightgbm.train(settings, rows.dataset(categorical), num_boost_round=n_trees))
