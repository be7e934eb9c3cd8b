"""Codes: postal codes, telephone numbers, national ids, and the few values of gender and region."""

from rapidfuzz.distance import DamerauLevenshtein

from features.matching.comparison import EXACT, Comparison, Level


def postal_degree(left: str, right: str) -> int:
    """How alike two postal codes are.

    >>> postal_degree("tq138df", "tq138df"), postal_degree("tq138df", "tq138dg"), postal_degree("tq138df", "tq138hu")
    (4, 3, 2)
    >>> postal_degree("tq138df", "tq14xx"), postal_degree("tq138df", "bs20el")
    (1, 0)
    """
    if left == right:
        return 4
    edits = DamerauLevenshtein.distance(left, right, score_cutoff=2)
    if edits == 1:
        return 3
    if edits == 2 or (min(len(left), len(right)) > 4 and left[:-3] == right[:-3]):
        return 2
    return int(left[:2] == right[:2])


def number_degree(left: str, right: str) -> int:
    """How alike two numbers are; a number that ends in the other is the same with its prefix.

    >>> number_degree("6988048", "6988048"), number_degree("6988048", "6980848")
    (3, 2)
    >>> number_degree("34600112233", "600112233"), number_degree("6988048", "1234567")
    (2, 0)
    """
    if left == right:
        return 3
    ends = min(len(left), len(right)) >= 7 and (left.endswith(right) or right.endswith(left))
    edits = DamerauLevenshtein.distance(left, right, score_cutoff=2)
    if ends or edits == 1:
        return 2
    return int(edits == 2)


def same(left: str, right: str) -> int:
    """1 for equal values, 0 for others."""
    return int(left == right)


_EDITS = "damerau_levenshtein({l}, {r})"
_ENDS = "(least(length({l}), length({r})) >= 7 AND (ends_with({l}, {r}) OR ends_with({r}, {l})))"
_OUTWARD = (
    "(least(length({l}), length({r})) > 4"
    " AND left({l}, (length({l}) - 3)::INTEGER) = left({r}, (length({r}) - 3)::INTEGER))"
)
_EQUAL = "{l} = {r}"

POSTAL_CODE = Comparison(
    "postal",
    levels=(
        Level(EXACT, _EQUAL, 0.65),
        Level("one edit", f"{_EDITS} = 1", 0.12),
        Level("two edits, or one district", f"{_EDITS} = 2 OR {_OUTWARD}", 0.07),
        Level("one area", "left({l}, 2) = left({r}, 2)", 0.06),
    ),
    degree=postal_degree,
    identifies=True,
)
NUMBER = Comparison(
    "digits",
    levels=(
        Level(EXACT, _EQUAL, 0.8),
        Level("one edit, or a prefix more", f"{_ENDS} OR {_EDITS} = 1", 0.1),
        Level("two edits", f"{_EDITS} = 2", 0.02),
    ),
    degree=number_degree,
    identifies=True,
)
FEW_VALUES = Comparison("few", levels=(Level(EXACT, _EQUAL, 0.94),), degree=same, by_frequency=False)
