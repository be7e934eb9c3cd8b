"""The label of a table: two values, one of which means yes."""

import numpy as np
import pandas as pd

from training.encoding import Floats
from training.tabular.cells import read_as_missing, words
from training.tabular.table import TableError

YES = ("yes", "true", "1", "1.0", "y", "t")
FEWEST_ROWS = 100
FEWEST_OF_A_CLASS = 20
"""Rows of either label below which nothing can be chosen by held-out data."""


def positive_word(cells: pd.Series, stated: str | None = None) -> str:
    """The word that means yes: the one stated, else a usual one, else the rarer of the two.

    Raises `TableError` of no rows, one class only, more than two, or a word that does not occur.
    """
    counts = words(cells).dropna().map(_plain).value_counts()
    found, unread = ", ".join(repr(word) for word in counts.index[:5]), _unread(cells)
    if not len(counts):
        told = f"the label {cells.name!r} is missing in every row{unread}"
        raise TableError(told, code="no_label", field="label")
    if len(counts) == 1:
        told = f"the label {cells.name!r} has one class only: {found}{unread}"
        raise TableError(told, code="one_class", field="label")
    if len(counts) > 2:
        more = f"{len(counts)} different values ({found} …)"
        raise TableError(f"the label {cells.name!r} has {more}, expected two", code="not_two_classes", field="label")
    if stated is not None and _plain(stated) not in counts.index:
        raise TableError(f"the label {cells.name!r} is never {stated!r}, only {found}{unread}", field="positive")
    return _plain(stated) if stated is not None else _usual(counts)


def _unread(cells: pd.Series) -> str:
    """Which words of the label were read as missing, for whoever meant something by them."""
    told = ", ".join(f"{word!r} ({n:,} cells)" for word, n in read_as_missing(cells).items())
    return f"; read as missing: {told}; call it otherwise where it means something" if told else ""


def _usual(counts: pd.Series) -> str:
    usual = [word for word in counts.index if word.lower() in YES]
    return str(usual[0] if len(usual) == 1 else counts.index[-1])


def negative_word(cells: pd.Series, positive: str) -> str:
    """The other word of a label whose one word means yes."""
    return str(next(word for word in words(cells).dropna().map(_plain).unique() if word != positive))


def strange(cells: pd.Series, positive: str, negative: str) -> pd.Series:
    """Of the cells that are not missing, those that are neither word.

    Parameters: `negative`, "" where that is not known: then all are, unless some are positive.
    """
    text = words(cells).dropna().map(_plain)
    known = (text == positive) | (text == negative if negative else bool((text == positive).any()))
    return text[~known]


def labels(cells: pd.Series, positive: str) -> Floats:
    """1 where the label means yes (n,), 0 where it means no, NaN where it is missing."""
    text = words(cells)
    return np.where(text.notna(), (text.dropna().map(_plain).reindex(text.index) == positive).astype(float), np.nan)


def _plain(word: str) -> str:
    return word.removesuffix(".0")


def check_enough(label: Floats, where: str = "the table") -> None:
    """Raise `TableError` (`too_little_data`) where nothing could be chosen by held-out rows."""
    n, n_yes = len(label), int(label.sum())
    if n < FEWEST_ROWS or min(n_yes, n - n_yes) < FEWEST_OF_A_CLASS:
        wanted = f"at least {FEWEST_ROWS} rows and {FEWEST_OF_A_CLASS} of either class are needed"
        raise TableError(f"{where} has {n:,} rows, {n_yes:,} of them positive; {wanted}", code="too_little_data")
