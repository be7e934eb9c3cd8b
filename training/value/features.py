"""What is known of each customer at a moment, as a matrix: recency, frequency, money and their trend.

Times are in horizons, so that windows of different length look alike.
"""

import numpy as np

from training.encoding import FeatureColumn, Floats
from training.value.transactions import Codes, Transactions

WINDOWS = (0.5, 1.0, 2.0, 4.0)
"""Lengths of the windows that are looked back on, in horizons."""
NAMES = (
    "recency",
    "age",
    "days",
    "total",
    "mean",
    "largest",
    "last",
    "pace",
    "overdue",
    *(f"{what} in {window:g}" for window in WINDOWS for what in ("days", "amount")),
)
COLUMNS = tuple(map(FeatureColumn, NAMES))


def features(known: Transactions, codes: Codes, *, end: float, horizon: float) -> Floats:
    """The matrix (n, n_columns) of the customers `codes` (n,), from transactions before the day `end`; NaN: unknown.

    Parameters: `horizon` in days.
    """
    n = len(known.customers)
    count = np.bincount(known.code, minlength=n).astype(np.float64)
    total = np.bincount(known.code, weights=known.amount, minlength=n)
    first, last, largest, latest = (np.full(n, np.nan) for _ in range(4))
    first[known.code[::-1]] = known.day[::-1]
    last[known.code], latest[known.code] = known.day, known.amount
    np.fmax.at(largest, known.code, known.amount)
    with np.errstate(divide="ignore", invalid="ignore"):
        pace = np.where(count > 1, (last - first) / (count - 1), np.nan) / horizon
        recency, mean = (end - last) / horizon, total / count
        columns = [recency, (end - first) / horizon, count, total, mean, largest, latest, pace, recency / pace]
    for window in WINDOWS:
        rows = known.day >= end - window * horizon
        columns.append(np.bincount(known.code[rows], minlength=n).astype(np.float64))
        columns.append(np.bincount(known.code[rows], weights=known.amount[rows], minlength=n))
    out = np.column_stack(columns)[codes]
    return np.ascontiguousarray(np.where(np.isfinite(out), out, np.nan))
