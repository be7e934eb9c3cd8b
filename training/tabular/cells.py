"""What the cells of a column are: numbers, dates or words; and what counts as missing."""

from typing import Literal

import numpy as np
import pandas as pd

from features.number import are_usual
from training.encoding import Floats

Kind = Literal["number", "date", "category"]
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "nat", "<na>"})
"""Words that say that nothing is known, in small letters."""
TRUTH = {"true": 1.0, "false": 0.0}
_COMMA = r"[+-]?\d[\d.]*(,\d+)+"
_DATE = r"\d{4}-\d{2}-\d{2}([T ].*)?"
DAY_SECONDS = 86_400.0


def words(cells: pd.Series) -> pd.Series:
    """The cells as text without spaces around it; None where missing."""
    text = cells.astype("string").str.strip()
    return text.mask(text.str.lower().isin(MISSING)).astype(object).where(text.notna(), None)


def names(cells: pd.Series) -> pd.Series:
    """The cells as text without spaces around it, whatever word that is; None where they are empty.

    >>> names(pd.Series(["none", " ", "NA"])).tolist()
    ['none', None, 'NA']
    """
    text = cells.astype("string").str.strip()
    return text.mask(text == "").astype(object).where(text.notna() & (text != ""), None)


def read_as_missing(cells: pd.Series) -> dict[str, int]:
    """The words of a column that count as missing, with how many cells say each.

    >>> read_as_missing(pd.Series(["yes", "None", "", "None"]))
    {'None': 2}
    """
    said = names(cells)
    return {str(word): int(n) for word, n in said[words(cells).isna()].value_counts().items()}


def kind_of(cells: pd.Series) -> Kind:
    """What all of the known cells are.

    >>> [kind_of(pd.Series(cells)) for cells in (["1", " ", "2.5"], ["2026-01-31", None], ["1", "one"])]
    ['number', 'date', 'category']
    """
    if pd.api.types.is_datetime64_any_dtype(cells):
        return "date"
    known = words(cells).dropna()
    if pd.api.types.is_numeric_dtype(cells) or (len(known) and pd.to_numeric(known, errors="coerce").notna().all()):
        return "number"
    return "date" if len(known) and np.isfinite(days(known)).all() else "category"


def with_comma(cells: pd.Series) -> str | None:
    """The first number written with a comma, where all of the known cells are such or whole numbers; else None.

    >>> with_comma(pd.Series(["3", "1.250,75", None])), with_comma(pd.Series(["3", "a,b"]))
    ('1.250,75', None)
    """
    known = words(cells).dropna().astype("string")
    comma = known.str.fullmatch(_COMMA).fillna(value=False).astype(bool)
    if not comma.any() or not (comma | known.str.fullmatch(r"[+-]?\d+")).all():
        return None
    return str(known[comma].iloc[0])


def numbers(cells: pd.Series) -> Floats:
    """The cells (n,) as doubles, true and false as 1 and 0; NaN where missing, no number, or beyond `LARGEST`.

    That is `features.number`'s: nobody means more, and trees' gradients are single floats.

    >>> numbers(pd.Series(["7", "1e300", "much"])).tolist()
    [7.0, nan, nan]
    """
    found = cells if pd.api.types.is_numeric_dtype(cells) else _numbers_of(words(cells))
    values = found.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(are_usual(values), values, np.nan)


def _numbers_of(text: pd.Series) -> pd.Series:
    found = pd.to_numeric(text, errors="coerce")
    rest = text[found.isna()].dropna().str.lower().map(TRUTH).dropna()
    return found if rest.empty else found.fillna(rest)


def days(cells: pd.Series) -> Floats:
    """Dates as days (n,) since 1970-01-01 in UTC; NaN where missing or no date of the form 2026-01-31."""
    if not pd.api.types.is_datetime64_any_dtype(cells):
        text = words(cells)
        cells = text.where(text.astype("string").str.fullmatch(_DATE).fillna(value=False).astype(bool), None)
    times = pd.to_datetime(cells, format="ISO8601", utc=True, errors="coerce")
    seconds = (times - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return np.asarray(seconds.to_numpy(dtype=np.float64) / DAY_SECONDS)
