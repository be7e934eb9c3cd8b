"""Between packed rows, by customer and view, and states by position."""

from collections.abc import Iterable, Mapping

import numpy as np

from features.backlog import Backlog
from features.lift import View
from features.online_store import PackedRow
from features.packing import unpack
from features.primitives import Array

Stored = Mapping[str, Mapping[str, PackedRow]]


def stored(rows: Iterable[PackedRow]) -> dict[str, dict[str, PackedRow]]:
    """Rows by customer, then by view."""
    held: dict[str, dict[str, PackedRow]] = {}
    for row in rows:
        held.setdefault(row.customer_id, {})[row.view] = row
    return held


def states_before(view: View, chunk: Backlog, before: Stored) -> Array:
    """The state before the chunk, shape (n_customers, n_state), of each customer of the chunk in this view."""
    states = np.full((len(chunk.customers), len(view.columns)), np.nan)
    found = [before.get(customer, _NOTHING).get(view.name) for customer in chunk.customers] if before else []
    held = {place: row for place, row in enumerate(found) if row}
    if held:
        states[list(held)] = unpack([row.state for row in held.values()], len(view.columns))
    return states


_NOTHING: Mapping[str, PackedRow] = {}
