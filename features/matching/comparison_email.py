"""E-mail addresses: typing errors, and the part before or after the @ alone."""

from rapidfuzz.distance import DamerauLevenshtein, Jaro, JaroWinkler

from features.matching.comparison import EXACT, MISSING, Comparison, Level

_NO_DIGITS = str.maketrans("", "", "0123456789")


def email_degree(left: str, right: str) -> int:
    """How alike two addresses are; two that differ in a number alone say nothing: namesakes are numbered.

    >>> email_degree("a.b@day.com", "a.b@day.com"), email_degree("a.b@day.com", "ab@day.com")
    (5, 4)
    >>> email_degree("grace.kelly@day.com", "grace.kelly@elsewhere.org"), email_degree("x@y.de", "grace@kelly.com")
    (2, 0)
    >>> email_degree("john.smith2@day.com", "john.smith7@day.com")
    -1
    """
    if left == right:
        return 5
    if left.translate(_NO_DIGITS) == right.translate(_NO_DIGITS):
        return MISSING
    edits = DamerauLevenshtein.distance(left, right, score_cutoff=4)
    if edits <= 2:
        return 4
    winkler = JaroWinkler.similarity(left, right)
    if edits <= 4 or winkler >= 0.9:
        return 3
    before, _, after = left.partition("@")
    other_before, _, other_after = right.partition("@")
    if before == other_before or after == other_after:
        return 2
    return int(winkler >= 0.75 and Jaro.similarity(left, right) >= 0.75)


_EDITS = "damerau_levenshtein({l}, {r})"
_PART = "split_part({l}, '@', %d) = split_part({r}, '@', %d)"

EMAIL = Comparison(
    "email",
    levels=(
        Level(EXACT, "{l} = {r}", 0.6),
        Level("two edits", f"{_EDITS} <= 2", 0.2),
        Level("alike", f"{_EDITS} <= 4 OR jaro_winkler_similarity({{l}}, {{r}}) >= 0.9", 0.08),
        Level("before or after the @", f"{_PART % (1, 1)} OR {_PART % (2, 2)}", 0.03),
        Level("somewhat alike", "jaro_similarity({l}, {r}) >= 0.75", 0.01),
    ),
    degree=email_degree,
    silent="{l} <> {r} AND regexp_replace({l}, '[0-9]', '', 'g') = regexp_replace({r}, '[0-9]', '', 'g')",
    identifies=True,
)
