"""Encoded rows laid down once for all the models that learn from some of them, and cut into bins once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats, Matrix

BINNING: Mapping[str, Any] = {
    "max_bin": 63,
    "bin_construct_sample_cnt": 50_000,
    "feature_pre_filter": False,
    "verbosity": -1,
    "num_threads": 1,
}
"""How columns are cut into bins.

Whatever LightGBM is asked says how many threads it takes, and takes one: it keeps the number for the whole process, and
of two threads of ours that ask it at once, one that leaves the number out changes it under the other's hands, which
then writes beside its buffers and takes the process down.
"""
Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows by their places.

    Parameters: `matrix` (n, n_columns); `categorical` columns; `hidden` columns, which no tree sees.
    """

    matrix: Matrix
    categorical: Sequence[int]
    hidden: Sequence[int] = ()

    def rows(self, places: Places) -> Matrix:
        """The rows at ascending places (m,); they are not copied where they lie together."""
        if len(places) and places[-1] - places[0] + 1 == len(places):
            return self.matrix[places[0] : places[-1] + 1]
        return self.matrix[places]

    def dataset(self, places: Places, label: Floats, offset: Floats | None) -> lightgbm.Dataset:
        """The same in bins, which is quick: where the bins lie, and what falls into them, is known."""
        data = self._bins.subset(places.tolist()).construct()
        data.set_label(label)
        return data if offset is None else data.set_init_score(offset)

    def holds(self, dataset: lightgbm.Dataset | None) -> bool:
        """Whether rows in bins are of this pool; where there are none, they may become so."""
        return dataset is None or dataset.reference is self._bins

    @cached_property
    def _bins(self) -> lightgbm.Dataset:
        visible, nothing = without(self.matrix, self.hidden), np.zeros(len(self.matrix))
        found = binned(visible, nothing, categorical=self.categorical)
        found.free_raw_data = True
        return found.construct()


def binned(
    matrix: Matrix,
    label: Floats,
    *,
    categorical: Sequence[int],
    offset: Floats | None = None,
    reference: lightgbm.Dataset | None = None,
) -> lightgbm.Dataset:
    """Rows (n, n_columns) as LightGBM wants them; `reference` shares the bins of other rows."""
    return lightgbm.Dataset(
        matrix,
        label=label,
        init_score=offset,
        reference=reference,
        categorical_feature=list(categorical),
        params=dict(BINNING),
        free_raw_data=False,
    )


def without(matrix: Matrix, hidden: Sequence[int]) -> Matrix:
    """The matrix with nothing in some columns; it is copied only where there are such."""
    if not hidden:
        return matrix
    visible = matrix.copy()
    visible[:, list(hidden)] = 0.0
    return visible
