"""What a number was like when the champion learned: counts in its own tenths, and how much repeated customers weigh.

A reference holds no row of anybody: counts, and edges rounded to four digits. Categories are the codes of the model's
own encoding, so one form serves both.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.quality.stability import BINS, counts_in
from training.encoding import Floats

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of n values in bins, and of those that were missing.

    Parameters: `edges`, ascending; bin i holds what is above edge i − 1 and at most edge i; `counts`, one more than
    edges; `n_missing`; `design_effect` ≥ 1 of the counts, and `missing_effect` of the share missing: by how much
    the rows of one customer resemble each other; `unevenness` ≥ 1, see `DesignEffect` (1 where it was not measured).
    """

    edges: tuple[float, ...]
    counts: tuple[float, ...]
    n_missing: int
    design_effect: float
    missing_effect: float
    unevenness: float = 1.0

    @property
    def n(self) -> float:
        """Values that were known."""
        return float(sum(self.counts))

    @property
    def missing(self) -> Floats:
        """(known, missing)."""
        return np.array([self.n, float(self.n_missing)])


def histogram(values: Floats, customers: NDArray[Any], *, edges: tuple[float, ...] | None = None) -> Histogram:
    """The histogram of values (n,), NaN where missing, of customers (n,); in the bins given, or in its own tenths."""
    known = np.isfinite(values)
    bounds = np.array(edges) if edges is not None else _edges(values[known])
    counts = counts_in(values[known].tolist(), bounds)
    places = np.searchsorted(bounds, values[known], side="left")
    effect = design_effect(places, customers[known], n_bins=len(counts))
    return Histogram(
        edges=tuple(bounds.tolist()),
        counts=tuple(counts.tolist()),
        n_missing=int((~known).sum()),
        design_effect=effect.mean,
        missing_effect=design_effect((~known).astype(np.int64), customers, n_bins=2).mean,
        unevenness=effect.unevenness,
    )


def _edges(values: Floats) -> Floats:
    """Nine cuts into tenths; rounded, so that none is anybody's own value."""
    if not len(values):
        return np.zeros(0)
    cuts = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.unique([float(f"{cut:.{_DIGITS}g}") for cut in cuts])


class DesignEffect(NamedTuple):
    """How many times the variance of counts is that of as many independent rows, and how unlike that is among them.

    Parameters: `mean` ≥ 1 of the generalised design effects; `unevenness` ≥ 1, the mean of their squares by the square
    of their mean: where a few customers make most rows, few of their differences bear most of the variance.
    """

    mean: float
    unevenness: float


def design_effect(places: NDArray[np.int64], customers: NDArray[Any], *, n_bins: int) -> DesignEffect:
    """The design effect of counts, with the customers as clusters.

    The generalised design effects and their two moments are those of Rao and Scott (1981: The analysis of categorical
    data from complex sample surveys; 1984: On chi-squared tests for multiway contingency tables), of the shares'
    variance by the jackknife: whoever makes much of a share draws it along, so what is left of a customer beside it
    says too little. Parameters: `places` (n,), the bin of each row.

    >>> round(design_effect(np.array([0, 0, 1, 1]), np.array(["a", "a", "b", "b"]), n_bins=2).mean, 9)
    4.0
    """
    n, table = len(places), _table(places, customers, n_bins)
    if len(table) < 2:
        return DesignEffect(max(1.0, float(n)), 1.0)
    share = table.sum(axis=0) / n
    used = share > 0
    free = int(used.sum()) - 1
    if not free:
        return DesignEffect(1.0, 1.0)
    of_customer = table.sum(axis=1, keepdims=True)
    moved_by = (table - of_customer * share) / (n - of_customer)
    parts = moved_by[:, used] / np.sqrt(share[used])
    effects = n * (1 - 1 / len(table)) * (parts.T @ parts)
    whole = float(np.trace(effects))
    unevenness = max(1.0, free * float((effects**2).sum()) / whole**2) if whole else 1.0
    return DesignEffect(max(1.0, whole / free), unevenness)


def _table(places: NDArray[np.int64], customers: NDArray[Any], n_bins: int) -> Floats:
    """How often each customer (row) is in each bin (column)."""
    names, of_customer = np.unique(customers.astype(str), return_inverse=True)
    flat = np.bincount(of_customer * n_bins + places, minlength=len(names) * n_bins)
    return flat.reshape(len(names), n_bins).astype(np.float64)


def histogram_to_json(found: Histogram) -> dict[str, Any]:
    """The histogram as plain data."""
    return asdict(found)


def histogram_from_json(content: Mapping[str, Any]) -> Histogram:
    """The histogram of its plain data; raises KeyError or TypeError where it is none."""
    lists = {name: tuple(map(float, content[name])) for name in ("edges", "counts")}
    return Histogram(**{**content, **lists})
