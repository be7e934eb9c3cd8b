"""Places, streets, occupations and other words."""

from rapidfuzz.distance import DamerauLevenshtein, Jaro, JaroWinkler

from features.matching.comparison import EXACT, Comparison, Level


def text_degree(left: str, right: str) -> int:
    """How alike two texts are.

    >>> text_degree("hull", "hull"), text_degree("london", "lonon"), text_degree("bristol", "bristol city of")
    (4, 3, 2)
    >>> text_degree("london", "hull")
    0
    """
    if left == right:
        return 4
    edits = DamerauLevenshtein.distance(left, right, score_cutoff=2)
    shorter = min(len(left), len(right))
    if edits <= 1 and shorter >= 3:
        return 3
    within = shorter >= 4 and (left in right or right in left)
    if within or (edits <= 2 and shorter >= 6):
        return 2
    winkler = JaroWinkler.similarity(left, right)
    if winkler >= 0.9:
        return 2
    return int(winkler >= 0.75 and Jaro.similarity(left, right) >= 0.75)


_EDITS = "damerau_levenshtein({l}, {r})"
_SHORTER = "least(length({l}), length({r}))"
_LEVELS = (
    Level(EXACT, "{l} = {r}", 0.62),
    Level("one edit", f"{_EDITS} <= 1 AND {_SHORTER} >= 3", 0.14),
    Level(
        "alike, or one within the other",
        f"({_SHORTER} >= 4 AND (contains({{l}}, {{r}}) OR contains({{r}}, {{l}})))"
        f" OR ({_EDITS} <= 2 AND {_SHORTER} >= 6) OR jaro_winkler_similarity({{l}}, {{r}}) >= 0.9",
        0.08,
    ),
    Level("somewhat alike", "jaro_similarity({l}, {r}) >= 0.75", 0.02),
)

TEXT = Comparison("words", levels=_LEVELS, degree=text_degree)
STREET = Comparison("street", levels=_LEVELS, degree=text_degree, identifies=True)
