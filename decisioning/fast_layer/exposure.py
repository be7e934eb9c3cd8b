"""What the fast layer learns from: one action shown to one customer, and whether they answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import asinh, isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from decisioning.customer import FeatureValue

Floats = NDArray[np.float64]
LEAST_PROPENSITY = 1e-3
"""A bundle is never believed to be surer than this, or nothing could correct it."""


class Exposure(NamedTuple):
    """One action that was shown.

    Parameters: `row` (d,), of `Regressors`; `propensity`, what the bundle said; `shown_us`, microseconds since the
    epoch; `accepted`, None while there is no answer.
    """

    row: Floats
    propensity: float
    shown_us: int
    accepted: bool | None = None


@dataclass(frozen=True)
class Regressors:
    """A customer as a short row of numbers: 1, then the named features, standardised.

    Parameters: `names` of numeric features; `centers` and `spreads`, mean and SD of their transformed values.
    """

    names: tuple[str, ...] = ()
    centers: tuple[float, ...] = ()
    spreads: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """The length of a row, d."""
        return 1 + len(self.names)

    @classmethod
    def over(cls, names: tuple[str, ...], customers: list[Mapping[str, FeatureValue]]) -> "Regressors":
        """Standardise by some customers; a feature that none of them differ in is left out.

        >>> Regressors.over(("age", "country"), [{"age": 0.0, "country": 1.0}, {"age": 2.0, "country": 1.0}]).names
        ('age',)
        """
        table = np.array([[transformed(each.get(name)) for name in names] for each in customers], dtype=np.float64)
        if not table.size:
            return cls()
        centers, spreads = table.mean(axis=0), table.std(axis=0)
        kept = [place for place, width in enumerate(np.ptp(table, axis=0).tolist()) if width > 0]
        picked = (tuple(float(part[place]) for place in kept) for part in (centers, spreads))
        return cls(tuple(names[place] for place in kept), *picked)

    def row(self, features: Mapping[str, FeatureValue]) -> Floats:
        """One customer's row (d,).

        >>> Regressors(("age",), (1.0,), (2.0,)).row({"age": None}).tolist()
        [1.0, -0.5]
        """
        centers, spreads = self._scales
        row = np.arcsinh(_numbers([0.0, *map(features.get, self.names)]))
        row -= centers
        row /= spreads
        return row

    def rows(self, columns: Mapping[str, NDArray[np.generic]], *, n_rows: int) -> Floats:
        """The rows (n_rows, d) of many customers, known by columns; what is no number counts as in `row`."""
        rows = np.zeros((n_rows, self.size))
        for place, name in enumerate(self.names, 1):
            column = columns.get(name)
            if column is not None and np.issubdtype(column.dtype, np.number):
                rows[:, place] = np.where(np.isfinite(column), column, 0.0)
        np.arcsinh(rows, out=rows)
        rows -= self._scales[0]
        rows /= self._scales[1]
        return rows

    @cached_property
    def _scales(self) -> tuple[Floats, Floats]:
        """Centers and spreads, with those that make 1 of 0 before them."""
        return np.array([-1.0, *self.centers]), np.array([1.0, *self.spreads])


def transformed(value: FeatureValue) -> float:
    """A number with its tails drawn in (asinh); 0 for what is missing or no number.

    >>> transformed(True), transformed("gold")
    (0.881373587019543, 0.0)
    """
    return asinh(_number(value))


def _numbers(values: list[FeatureValue]) -> list[float]:
    """Each as a number; where their sum is finite, they all are."""
    try:
        if isfinite(sum(values)):  # type: ignore[arg-type]  # what cannot be added raises
            return values  # type: ignore[return-value]  # as it could be added
    except TypeError:
        pass
    return [_number(value) for value in values]


def _number(value: FeatureValue) -> float:
    return value if isinstance(value, int | float) and isfinite(value) else 0.0


def weight_of(propensity: float) -> float:
    """The variance of an answer, p (1 − p), of a propensity that is kept off 0 and 1."""
    bounded = min(max(propensity, LEAST_PROPENSITY), 1.0 - LEAST_PROPENSITY)
    return bounded * (1.0 - bounded)
