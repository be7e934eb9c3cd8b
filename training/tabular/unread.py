"""Cells that say something of which nothing can be read: a number with its unit, a date in another form."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from decisioning.errors import shortened
from training.encoding import Floats
from training.tabular.cells import Kind, words

MOST = 0.05
"""Of a column's cells that say something, the share that may be unreadable; the column is another one beyond it."""
EXAMPLES = {"number": "1234.5", "date": "2026-01-31"}


@dataclass(frozen=True, slots=True)
class Unread:
    """Cells of one column. Parameters: `count` of `known` ones that say something; `example`, the first of them."""

    column: str
    kind: Kind
    count: int
    known: int
    example: str

    @property
    def many(self) -> bool:
        """Whether they are too many to be slips."""
        return self.count > MOST * self.known

    def __str__(self) -> str:
        form = f"no {self.kind} such as {EXAMPLES[self.kind]}"
        return f"column {self.column!r}: {self.count:,} of {self.known:,} cells are {form}, the first: {self.example!r}"


def unread(cells: pd.Series, values: Floats, kind: Kind) -> Unread | None:
    """What of the cells was not read as `values` (n,), NaN there; None where every cell that says something was."""
    lost = words(cells[~np.isfinite(values)]).dropna()
    if kind == "number":
        lost = lost[pd.to_numeric(lost, errors="coerce").isna()]
    if lost.empty:
        return None
    return Unread(str(cells.name), kind, len(lost), int(words(cells).notna().sum()), shortened(str(lost.iloc[0])))
