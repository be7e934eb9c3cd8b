"""A number of what was sent as one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.runs import Floats

LARGEST = 1e30
"""Nobody means more, either way: what is beyond it is not known, as a word would not be; its sums are no numbers."""
_NUMBERS = {int, float}


def number_of(given: object) -> float:
    """A number within `LARGEST`, or the one that a text says; NaN of anything else.

    >>> number_of("20.25"), number_of(True), number_of("free"), number_of(1e300)
    (20.25, 1.0, nan, nan)
    """
    if not isinstance(given, int | float | str):
        return float("nan")
    try:
        value = float(given)
    except (ValueError, OverflowError):
        return float("nan")
    return value if is_usual(value) else float("nan")


def is_usual(value: float) -> bool:
    """Whether a number is one, and within `LARGEST`.

    >>> is_usual(-1e30), is_usual(1e31), is_usual(float("nan"))
    (True, False, False)
    """
    return abs(value) <= LARGEST


def are_usual(values: Floats) -> NDArray[np.bool_]:
    """As `is_usual`, of each."""
    usual: NDArray[np.bool_] = np.abs(values) <= LARGEST
    return usual


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
    values[~are_usual(values)] = np.nan
    return values
