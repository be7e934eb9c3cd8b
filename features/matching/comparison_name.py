"""Given names and surnames: typing errors, short forms, initials."""

from rapidfuzz.distance import DamerauLevenshtein, Jaro, JaroWinkler

from features.matching.comparison import EXACT, Comparison, Level

EDITS = "damerau_levenshtein({l}, {r})"
SHORTER = "least(length({l}), length({r}))"
BEGINS = "(starts_with({l}, {r}) OR starts_with({r}, {l}))"
NEARLY = 4
"""The degree from which two names count as one name written twice."""


def name_degree(left: str, right: str) -> int:
    """How alike two names are.

    >>> name_degree("robert", "robert"), name_degree("robert", "rob"), name_degree("kelly", "kely")
    (5, 3, 4)
    >>> name_degree("allen", "alan"), name_degree("thomas", "grace")
    (2, 0)
    """
    if left == right:
        return 5
    edits = DamerauLevenshtein.distance(left, right, score_cutoff=2)
    shorter = min(len(left), len(right))
    begins = left.startswith(right) or right.startswith(left)
    if (edits <= 1 and shorter >= 3) or (begins and shorter >= 4):
        return NEARLY
    if begins and shorter >= 1:
        return 3
    if edits <= 2 and shorter >= 4:
        return 2
    winkler = JaroWinkler.similarity(left, right)
    if winkler >= 0.88:
        return 2
    return int(winkler >= 0.75 and Jaro.similarity(left, right) >= 0.75)


NAME = Comparison(
    "name",
    levels=(
        Level(EXACT, "{l} = {r}", 0.62),
        Level("one edit, or begins alike", f"({EDITS} <= 1 AND {SHORTER} >= 3) OR ({BEGINS} AND {SHORTER} >= 4)", 0.2),
        Level("short form or initial", f"{BEGINS} AND {SHORTER} >= 1", 0.02),
        Level("alike", f"({EDITS} <= 2 AND {SHORTER} >= 4) OR jaro_winkler_similarity({{l}}, {{r}}) >= 0.88", 0.09),
        Level("somewhat alike", "jaro_similarity({l}, {r}) >= 0.75", 0.02),
    ),
    degree=name_degree,
)
