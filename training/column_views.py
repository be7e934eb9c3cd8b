"""Every way in which a column tells rows apart: how large its values are, whether one is known, which word it says."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from training.encoding import FeatureColumn, Floats


def column_views(matrix: Floats, columns: Sequence[FeatureColumn]) -> tuple[Floats, NDArray[np.int64]]:
    """The views (n, n_views) of encoded columns (n, n_columns), and the column that each is of (n_views,).

    A number is seen by its values, a category by each of its words; where only some rows are known, also by which.

    >>> column_views(np.array([[3.0, 1.0], [np.nan, 0.0]]), [FeatureColumn("a"), FeatureColumn("b", "category")])
    (array([[ 3.,  1.,  0.,  1.],
           [nan,  0.,  1.,  0.]]), array([0, 0, 1, 1]))
    """
    of_each = [list(views_of(matrix[:, place], column)) for place, column in enumerate(columns)]
    owner = np.repeat(np.arange(len(of_each)), [len(views) for views in of_each])
    every = [view for views in of_each for view in views]
    return np.column_stack(every) if every else np.empty((len(matrix), 0)), owner


def views_of(values: Floats, column: FeatureColumn) -> Iterator[Floats]:
    """The views (n,) of one encoded column (n,), one after another."""
    known = np.isfinite(values)
    if column.kind == "number":
        yield values
    else:
        yield from ((values == code).astype(np.float64) for code in np.unique(values[known]))
    if known.any() and not known.all():
        yield known.astype(np.float64)
