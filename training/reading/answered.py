"""What the ledger's outcomes say of its decisions: which were shown, which were accepted, what converted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import orjson

from decisioning.catalog import Catalog
from decisioning.outcome import POSITIVE
from features.ledger import Ledger
from features.record import OUTCOME
from training.reading.decided import Booleans
from training.reading.drawn import Drawn


@dataclass(frozen=True, slots=True)
class Answered:
    """Outcomes within their action's own window.

    Parameters: arrays (n,) over the decisions that were drawn, of what was chosen: `heard`, whether anything was, and
    `accepted`; `converted` (n, n_actions), reported conversions; `n_late`, outcomes of all decisions after their
    window, which count for nothing.
    """

    heard: Booleans
    accepted: Booleans
    converted: Booleans
    n_late: int


def read_answered(ledger: Ledger, drawn: Drawn, catalog: Catalog, *, as_of_us: int) -> Answered:
    """Join every outcome up to a moment with its decision; of those that were not drawn only late ones are counted.

    What came of a decision that repeats the draws of another came of that one, within its windows; but not where it was
    decided before it, and only told of later.
    """
    n, decided = len(drawn), drawn.decided
    heard, accepted = np.zeros((2, n), dtype=bool)
    converted = np.zeros((n, len(decided.actions)), dtype=bool)
    columns = {action: column for column, action in enumerate(decided.actions)}
    places = np.full(len(drawn.timeline), -1, dtype=np.int64)
    places[drawn.rows] = np.arange(n)
    chosen, n_late = decided.chosen, 0
    for whole, action, kind, in_time in _outcomes(ledger, drawn, catalog, as_of_us):
        n_late += not in_time
        column, row = columns.get(action), places[whole]
        if column is None or not in_time or row < 0:
            continue
        converted[row, column] |= kind == "conversion"
        if chosen[row] == column:
            heard[row] = True
            accepted[row] |= kind in POSITIVE
    return Answered(heard, accepted, converted, n_late)


def _outcomes(ledger: Ledger, drawn: Drawn, catalog: Catalog, as_of_us: int) -> Iterator[tuple[int, str, str, bool]]:
    """Row, action and type of each outcome of a known decision, and whether it came within the action's window."""
    timeline, repeats = drawn.timeline, drawn.repeats
    rows = {each: row for row, each in enumerate(timeline.decision_id)}
    decided_us, lengths = timeline.decided_us, window_lengths(catalog)
    first = int(timeline.seq.min()) if len(timeline) else ledger.last_seq()
    for record in ledger.records(first, kinds=[OUTCOME]):  # none lies before the decision that it is of
        outcome = orjson.loads(record.body)["outcome"]
        told, repeat = outcome["decision_id"], repeats.get(outcome["decision_id"])
        row = rows.get(repeat.drawn if repeat else told)
        if row is None or record.occurred_us > as_of_us:
            continue
        length, action = lengths.get(outcome["action"]), outcome["action"]
        in_time = length is None or record.occurred_us <= decided_us[row] + length
        if repeat is None or (in_time and repeat.decided_us >= decided_us[row]):
            yield row, action, outcome["type"], in_time


def window_lengths(catalog: Catalog) -> Mapping[str, int]:
    """The length of each action's own window, in microseconds."""
    return {name: int(action.window.total_seconds() * 1_000_000) for name, action in catalog.actions.items()}
