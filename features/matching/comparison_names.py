"""Given name and surname together: one may stand in the other's column."""

from dataclasses import replace
from functools import lru_cache

from features.matching.comparison import MISSING, Comparison, Level
from features.matching.comparison_name import BEGINS, EDITS, NAME, NEARLY, SHORTER, name_degree

CROSSED, EXCHANGED = 6, 7
"""Degrees above equality, of the given name: one name is found in the other's column; both are."""

_cached_degree = lru_cache(maxsize=262_144)(name_degree)


def names_degrees(left: tuple[str, str], right: tuple[str, str]) -> tuple[int, int]:
    """The degrees of given name and surname; where names crossed, the first tells it and the second is missing.

    >>> names_degrees(("isla", "hall"), ("hall", "isla")), names_degrees(("isla", ""), ("", "isla"))
    ((7, -1), (6, -1))
    >>> names_degrees(("isla", "hall"), ("isla", "")), names_degrees(("isla", "hall"), ("evie", "king"))
    ((5, -1), (0, 0))
    """
    straight = degree_or_missing(left[0], right[0]), degree_or_missing(left[1], right[1])
    if max(straight) >= NEARLY:
        return straight
    crossed = degree_or_missing(left[0], right[1]) >= NEARLY, degree_or_missing(left[1], right[0]) >= NEARLY
    if any(crossed):
        return (EXCHANGED if all(crossed) else CROSSED), MISSING
    return straight


def degree_or_missing(left: str, right: str) -> int:
    """The degree of two names, -1 where one is missing."""
    return _cached_degree(left, right) if left and right else MISSING


def _nearly(left: str, right: str) -> str:
    """Degree 4 or 5; the lengths are asked first, for most names are nothing alike."""
    near = (
        f"coalesce({{l}} = {{r}} OR ({BEGINS} AND {SHORTER} >= 4) OR CASE"
        f" WHEN abs(length({{l}}) - length({{r}})) > 1 THEN false ELSE {EDITS} <= 1 AND {SHORTER} >= 3 END, false)"
    )
    return near.format(l=left, r=right)


_STRAIGHT = f"({_nearly('{l}', '{r}')} OR {_nearly('{l2}', '{r2}')})"
_THERE, _BACK = _nearly("{l}", "{r2}"), _nearly("{l2}", "{r}")

CROSSING = f"NOT {_STRAIGHT} AND ({_THERE} OR {_BACK})"
"""Whether names crossed; `{l2}` and `{r2}` are the surnames."""

GIVEN = replace(
    NAME,
    name="given",
    levels=(
        Level("exchanged with the surname", f"NOT {_STRAIGHT} AND {_THERE} AND {_BACK}", 0.03),
        Level("found as the surname", CROSSING, 0.02),
        *(replace(level, m=level.m * 0.95) for level in NAME.levels),
    ),
)
"""A given name beside a surname."""

SURNAME: Comparison = NAME
