"""What the ledger's outcomes say of its decisions: which were shown, which were accepted, what converted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import orjson

from decisioning.catalog import Catalog
from decisioning.outcome import POSITIVE
from features.ledger import Ledger
from features.record import OUTCOME
from training.reading.decided import Booleans, Decided


@dataclass(frozen=True, slots=True)
class Answered:
    """Outcomes within their action's own window.

    Parameters: arrays (n,) over the decisions, of what was chosen: `heard`, whether anything was, and `accepted`;
    `converted` (n, n_actions), reported conversions; `n_late`, outcomes after their window, which count for nothing.
    """

    heard: Booleans
    accepted: Booleans
    converted: Booleans
    n_late: int


def read_answered(ledger: Ledger, decided: Decided, catalog: Catalog, *, as_of_us: int) -> Answered:
    """Join every outcome up to a moment with its decision."""
    n = len(decided)
    heard, accepted = np.zeros((2, n), dtype=bool)
    converted = np.zeros((n, len(decided.actions)), dtype=bool)
    columns = {action: column for column, action in enumerate(decided.actions)}
    chosen, n_late = decided.chosen.tolist(), 0
    for row, action, kind, in_time in _outcomes(ledger, decided, catalog, as_of_us):
        n_late += not in_time
        column = columns.get(action)
        if column is None or not in_time:
            continue
        converted[row, column] |= kind == "conversion"
        if chosen[row] == column:
            heard[row] = True
            accepted[row] |= kind in POSITIVE
    return Answered(heard, accepted, converted, n_late)


def _outcomes(
    ledger: Ledger, decided: Decided, catalog: Catalog, as_of_us: int
) -> Iterator[tuple[int, str, str, bool]]:
    """Row, action and type of each outcome of a known decision, and whether it came within the action's window."""
    rows = {each: row for row, each in enumerate(decided.decision_id.tolist())}
    decided_us, lengths = decided.decided_us.tolist(), window_lengths(catalog)
    for record in ledger.records(0, kinds=[OUTCOME]):
        outcome = orjson.loads(record.body)["outcome"]
        row = rows.get(outcome["decision_id"])
        if row is None or record.occurred_us > as_of_us:
            continue
        length, action = lengths.get(outcome["action"]), outcome["action"]
        in_time = length is None or record.occurred_us <= decided_us[row] + length
        yield row, action, outcome["type"], in_time


def window_lengths(catalog: Catalog) -> Mapping[str, int]:
    """The length of each action's own window, in microseconds."""
    return {name: int(action.window.total_seconds() * 1_000_000) for name, action in catalog.actions.items()}
