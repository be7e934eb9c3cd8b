"""A number of what was sent as one."""

from math import isfinite


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
