"""Dates of birth: a digit mistyped, day and month exchanged, one part wrong, every part a little off."""

from rapidfuzz.distance import DamerauLevenshtein, Hamming

from features.matching.comparison import EXACT, Comparison, Level

_PARTS = ((0, 4), (4, 6), (6, 8))


def date_degree(left: str, right: str) -> int:
    """How alike two days are, each of eight characters, year first.

    >>> date_degree("19710624", "19710624"), date_degree("19710624", "19710524"), date_degree("19710624", "19710642")
    (5, 4, 3)
    >>> date_degree("19710624", "19710101"), date_degree("19710630", "19700731"), date_degree("19710624", "20150303")
    (0, 1, 0)
    """
    if left == right:
        return 5
    wrong = Hamming.distance(left, right)
    if wrong == 1:
        return 4
    turned = left[:4] == right[:4] and left[4:6] == right[6:] and left[6:] == right[4:6]
    if wrong == 2 or turned or DamerauLevenshtein.distance(left, right, score_cutoff=1) == 1:
        return 3
    if sum(left[a:b] == right[a:b] for a, b in _PARTS) == 2:
        return 2
    return int(_near(left, right))


def _near(left: str, right: str) -> bool:
    """Whether year, month and day each differ by one at most, or by a digit of the tens."""
    if not (left.isdecimal() and right.isdecimal()):
        return False
    years, months, days = (abs(int(left[a:b]) - int(right[a:b])) for a, b in _PARTS)
    return years in (0, 1, 10) and months <= 1 and days in (0, 1, 10, 20)


def _apart(start: int, length: int) -> str:
    part = f"try_cast(substr({{}}, {start}, {length}) AS INTEGER)"
    return f"abs({part.format('{l}')} - {part.format('{r}')})"


_TURNED = (
    "(substr({l}, 1, 4) = substr({r}, 1, 4) AND substr({l}, 5, 2) = substr({r}, 7, 2)"
    " AND substr({l}, 7, 2) = substr({r}, 5, 2))"
)
_SAME_PARTS = " + ".join(
    f"(substr({{l}}, {start}, {length}) = substr({{r}}, {start}, {length}))::INTEGER"
    for start, length in ((1, 4), (5, 2), (7, 2))
)

DATE = Comparison(
    "day",
    levels=(
        Level(EXACT, "{l} = {r}", 0.6),
        Level("one digit", "hamming({l}, {r}) = 1", 0.18),
        Level(
            "two digits, or turned",
            f"hamming({{l}}, {{r}}) = 2 OR {_TURNED} OR damerau_levenshtein({{l}}, {{r}}) = 1",
            0.08,
        ),
        Level("two parts of three", f"{_SAME_PARTS} = 2", 0.04),
        Level(
            "every part near",
            f"{_apart(1, 4)} IN (0, 1, 10) AND {_apart(5, 2)} <= 1 AND {_apart(7, 2)} IN (0, 1, 10, 20)",
            0.03,
        ),
    ),
    degree=date_degree,
    identifies=True,
)
