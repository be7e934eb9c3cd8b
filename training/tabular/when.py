"""When each row was: dates, and numbers that can be nothing but a time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from decisioning.errors import shortened
from training.encoding import Floats
from training.tabular.cells import DAY_SECONDS, days, names, numbers, words
from training.tabular.table import TableError

_COMPACT_DATE = r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(\.0)?"
ALLOWED = (
    "dates such as 2026-01-31 or 20260131, months such as 202601, days since 1970, seconds or milliseconds since 1970"
)


@dataclass(frozen=True, slots=True)
class Form:
    """One meaning of numbers. Parameters: `low` and `high`, all numbers lie between them; `days`, what they become."""

    low: float
    high: float
    days: Callable[[Floats], Floats]


def _last_of_month(found: Floats) -> Floats:
    year, month = np.floor_divide(found, 100), np.mod(found, 100)
    valid = (month >= 1) & (month <= 12) & (np.mod(found, 1) == 0)
    following = np.where(valid, (year - 1970) * 12 + month, 0).astype(np.int64).astype("datetime64[M]")
    return np.where(valid, following.astype("datetime64[D]").astype(np.float64) - 1, np.nan)


FORMS = (
    Form(-100_000, 100_000, lambda found: found),
    Form(1900_01, 2100_12, _last_of_month),
    Form(1e8, 1e11, lambda found: found / DAY_SECONDS),
    Form(1e11, 1e14, lambda found: found / DAY_SECONDS / 1000),
)
"""Days since 1970 (or any small count), months, seconds and milliseconds: no number has two meanings."""


def moments(cells: pd.Series) -> Floats:
    """When each row was (n,), in days since 1970; NaN where that is missing or cannot be read.

    Dates such as 2026-01-31 or 20260131, months such as 202601 (their last day), and numbers: days, seconds or
    milliseconds since 1970, by how large all of them are. Raises `TableError` of other numbers.
    """
    text = words(cells).astype("string")
    if text.dropna().str.fullmatch(_COMPACT_DATE).all():
        cells = text.str[:4] + "-" + text.str[4:6] + "-" + text.str[6:8]
    found = days(cells)
    return found if np.isfinite(found).any() else _of_numbers(numbers(cells), str(cells.name))


def _of_numbers(found: Floats, name: str) -> Floats:
    known = found[np.isfinite(found)]
    if not len(known):
        return found
    low, high = float(known.min()), float(known.max())
    form = next((form for form in FORMS if form.low <= low and high <= form.high), None)
    at = form.days(found) if form else found
    if form is None or np.isfinite(at).sum() < len(known):
        told = f"the time {name!r} holds numbers from {low:.15g} to {high:.15g}, which are no times"
        raise TableError(f"{told}; allowed: {ALLOWED}", code="invalid_time", field="time")
    return at


def every_moment(cells: pd.Series) -> Floats:
    """The same (n,), known of every row; raises `TableError`, with the first cell that cannot be read."""
    at = moments(cells)
    lost = ~np.isfinite(at)
    if lost.any():
        first = int(np.argmax(lost))
        sample = "an empty cell" if names(cells).iloc[first] is None else repr(shortened(names(cells).iloc[first]))
        told = f"the time {str(cells.name)!r} is missing or unreadable in {int(lost.sum()):,} of {len(cells):,} rows"
        raise TableError(f"{told}, the first is row {first + 1}: {sample}; allowed: {ALLOWED}", field="time")
    return at
