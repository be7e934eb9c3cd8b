"""What a catalogue computes for each customer, an action's value or a contact's cost, over logged decisions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisioning.condition_array import Column
from decisioning.condition_time import NOW, TODAY
from decisioning.formula import compile_formula
from training.encoding import FeatureColumn, FeatureEncoder, Floats

DAY_US = 86_400_000_000


def own_amounts(
    formula: str, usual: float, *, features: Mapping[str, NDArray[Any]], decided_us: NDArray[np.int64]
) -> Floats:
    """The amounts at n decisions, (n,): what is usual without a formula, NaN where one says nothing that can be.

    Parameters: `features`, logged columns by name (n,); `decided_us`, whose days are those of UTC. Facts of the moment
    are not in a log's columns, and not known.
    """
    n = len(decided_us)
    if not formula:
        return np.full(n, usual)
    columns = logged_columns(formula, features=features, decided_us=decided_us)
    amounts = compile_formula(formula).of_many(columns, n=n)
    return np.where((amounts >= 0.0) & np.isfinite(amounts), amounts, np.nan)


def logged_columns(
    formula: str, *, features: Mapping[str, NDArray[Any]], decided_us: NDArray[np.int64]
) -> dict[str, Column]:
    """What a formula reads of n decisions, by name. Parameters: as of `own_amounts`."""
    n = len(decided_us)
    names = tuple(name for name in sorted(compile_formula(formula).names) if name in features)
    matrix = FeatureEncoder(tuple(map(FeatureColumn, names))).matrix(features, n_rows=n)
    columns: dict[str, Column] = {name: matrix[:, place] for place, name in enumerate(names)}
    columns |= {NOW: decided_us / 1e6, TODAY: (decided_us // DAY_US).astype(np.float64) * 86_400.0}
    return columns
