"""Dead letters: records that cannot be read are set aside among the rejects, and the others go on without them."""

import sqlite3
from dataclasses import dataclass, field

from features.fact import Fact
from features.instant import from_us
from features.receipt import Arrival
from features.record import Record, Told, UnreadableRecordError, facts_in
from features.rejection import Rejection
from features.rejects import keep_rejects

TRIES = 3
SOURCE = "ledger"
"""Of which source such rejects are; their place is the record's sequence number."""


@dataclass(slots=True)
class DeadLetters:
    """The records that could not be read while a projection was brought up to date.

    Parameters: `found`, why, by sequence number.
    """

    found: dict[int, tuple[Rejection, Record | Told]] = field(default_factory=dict)

    def facts_in(self, record: Record | Told) -> tuple[Fact, ...]:
        """What a record says; nothing of one that cannot be read after `TRIES` tries, which is noted."""
        for _ in range(TRIES):
            try:
                return facts_in(record)
            except UnreadableRecordError as error:
                self.note(record, error)
        return ()

    def note(self, record: Record | Told, error: UnreadableRecordError) -> None:
        """Set a record aside."""
        self.found[record.seq] = (Rejection.of(record.seq, error), record)

    def keep(self, connection: sqlite3.Connection) -> None:
        """Write those that are not among the rejects yet, within a write transaction."""
        known = {place for (place,) in connection.execute(_KNOWN, (SOURCE, UnreadableRecordError.code)).fetchall()}
        for seq, (why, record) in self.found.items():
            if seq not in known:
                keep_rejects(connection, [(why, record.body)], Arrival(from_us(record.received_us), source=SOURCE))


_KNOWN = "SELECT place FROM reject WHERE source = ? AND code = ?"
