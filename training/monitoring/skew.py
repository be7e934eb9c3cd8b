"""Training–serving skew: whether the features that decided are those that training would compute of the same moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-9
"""Of a number: this much, or this part of it."""


@dataclass(frozen=True, slots=True)
class Skew:
    """How many values were compared, and how many of them differ, by feature."""

    n_decisions: int
    n_values: int
    differing: Mapping[str, int]

    @property
    def equal(self) -> float:
        """The share of values that are equal; 1 of none."""
        return 1.0 - sum(self.differing.values()) / self.n_values if self.n_values else 1.0


Columns = Mapping[str, NDArray[Any]]
"""Columns (n,) by name."""


def skew_of(logged: Columns, offline: Columns, *, withheld: Mapping[str, NDArray[np.bool_]]) -> Skew:
    """Compare what was logged with what training computes; both missing is equal.

    Parameters: `withheld`, the decisions (n,) of which a feature was not to be looked at, and so says nothing.
    """
    compared = {name: ~withheld[name] for name in logged}
    unequal = {name: int((compared[name] & ~_equal(logged[name], offline[name])).sum()) for name in logged}
    n_decisions = len(next(iter(logged.values()))) if logged else 0
    n_values = int(sum(rows.sum() for rows in compared.values()))
    return Skew(n_decisions, n_values, {name: n for name, n in unequal.items() if n})


def _equal(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    if "O" in (one.dtype.kind, other.dtype.kind):
        return np.array([_same(a, b) for a, b in zip(one.tolist(), other.tolist(), strict=True)], dtype=bool)
    return np.asarray(np.isclose(one, other, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True))


def _same(one: Any, other: Any) -> bool:
    missing = [value is None or value != value for value in (one, other)]
    if any(missing):
        return all(missing)
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return bool(np.isclose(one, other, rtol=TOLERANCE, atol=TOLERANCE))
