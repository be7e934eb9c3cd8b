"""Between packed rows, by column name, and state vectors, by position."""

from collections.abc import Iterable

import numpy as np

from features.backlog import Backlog
from features.lift import View
from features.online_store import PackedRow
from features.primitives import Array

Stored = dict[tuple[str, str], PackedRow]


def stored(rows: Iterable[PackedRow]) -> Stored:
    """Rows by customer and view."""
    return {(row.customer_id, row.view): row for row in rows}


def states_before(view: View, chunk: Backlog, before: Stored) -> Array:
    """The state before the chunk, shape (n_customers, n_state), of each customer whom it touches in this view."""
    states = np.full((len(chunk.customers), len(view.columns)), np.nan)
    for place in view.groups(chunk.hits, chunk.group).tolist() if before else ():
        row = before.get((chunk.customers[place], view.name))
        if row is not None:
            states[place] = [row.columns.get(column, np.nan) for column in view.columns]
    return states


def packed(view: View, values: list[float]) -> dict[str, float]:
    """State columns by name, without what is empty."""
    return {name: value for name, value in zip(view.columns, values, strict=True) if value == value}
