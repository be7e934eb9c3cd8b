"""A number of what was sent as one."""

from collections.abc import Sequence
from math import isfinite

import numpy as np

from features.runs import Floats

_NUMBERS = {int, float}


def number_of(given: object) -> float:
    """A finite number, or the one that a text says; NaN of anything else.

    >>> number_of("20.25"), number_of(True), number_of("free")
    (20.25, 1.0, nan)
    """
    if not isinstance(given, int | float | str):
        return float("nan")
    try:
        value = float(given)
    except (ValueError, OverflowError):
        return float("nan")
    return value if isfinite(value) else float("nan")


def numbers_of(given: Sequence[object]) -> Floats:
    """As `number_of`, of each.

    >>> numbers_of([1, 2.5]).tolist(), numbers_of(["2", None, float("inf")]).tolist()
    ([1.0, 2.5], [2.0, nan, nan])
    """
    if not _NUMBERS.issuperset(map(type, given)):
        return np.array(list(map(number_of, given)), dtype=np.float64)
    try:
        values = np.array(given, dtype=np.float64)
    except OverflowError:
        return np.array(list(map(number_of, given)), dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    return values
