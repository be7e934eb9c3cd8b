"""One batch of events, parsed and kept; and a whole load of them, with the identity graph in memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from features.event_columns import EventColumns
from features.event_log import Appended, append_events
from features.file_lock import alone, lock_beside
from features.identity_memory import IdentityMemory
from features.identity_rules import IdentityRules
from features.late_index import LateIndex
from features.ledger import Ledger, last_seq
from features.receipt import Arrival, Receipt
from features.record import EVENT
from features.rejection import Rejection
from features.rejects import keep_rejects
from features.seen_ids import SeenIds

FEW_IDENTIFIERS, MOST_IDENTIFIERS = 50_000, 800_000
"""Up to the first size a graph is read again at once after others wrote; beyond the second it stays in its table."""
MOST_UNSEEN = 1_000_000
"""Records by others whose ids are read at once; beyond, every id of the load is looked up."""


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """The events of a batch, what was refused of it and what was taken with a warning, each with its raw bytes."""

    events: EventColumns
    rejected: list[tuple[Rejection, bytes]] = field(default_factory=list)
    warned: list[tuple[Rejection, bytes]] = field(default_factory=list)


class KeptBatch(NamedTuple):
    """A batch that is written: its receipt, and what was new of it."""

    receipt: Receipt
    appended: Appended


class BulkMemory:
    """What is remembered across the transactions of one load: the identity graph, and which ids may be known.

    Where others write meanwhile, a large graph is looked up batch by batch until they pause. Memory is bounded: about
    1 KB for each of at most `MOST_IDENTIFIERS`. Parameters: `index`, left out as long as nobody else is there.
    """

    def __init__(self, rules: IdentityRules, index: LateIndex) -> None:
        self._rules = rules
        self._index = index
        self._memory: IdentityMemory | None = None
        self._seen: SeenIds | None = SeenIds()
        self._seq = 0

    def keep(self, connection: sqlite3.Connection, parsed: ParsedBatch, arrival: Arrival) -> KeptBatch:
        """Write one batch within a write transaction."""
        seq = last_seq(connection)
        is_quiet, memory = seq == self._seq, self._memory
        if is_quiet and not self._index.is_missed:
            self._index.leave_out(connection)
        else:
            self._index.make(connection)
        self._memory, self._seen = None, self._with_unseen(connection, seq)
        if memory is None or not is_quiet:
            memory = self._read(connection, is_quiet=is_quiet)
        kept = keep_batch(connection, parsed, arrival, memory, self._seen)
        self._memory = memory if memory.is_complete and memory.n_identifiers <= MOST_IDENTIFIERS else None
        self._seq = last_seq(connection)
        return kept

    def _read(self, connection: sqlite3.Connection, *, is_quiet: bool) -> IdentityMemory:
        memory = IdentityMemory(connection, self._rules)
        if memory.n_identifiers <= (MOST_IDENTIFIERS if is_quiet else FEW_IDENTIFIERS):
            memory.remember_all()
        return memory

    def _with_unseen(self, connection: sqlite3.Connection, seq: int) -> SeenIds | None:
        """The ids seen, with those that others wrote; None where these are too many to read."""
        if self._seen is None or seq - self._seq > MOST_UNSEEN:
            return None
        if seq > self._seq:
            self._seen.add([each for (each,) in connection.execute(_UNSEEN, (self._seq, EVENT)).fetchall()])
        return self._seen


@contextmanager
def indexed_late(ledger: Ledger) -> Iterator[LateIndex]:
    """An index that may be left out within; it is made at the end, and whoever opens the ledger then waits for it."""
    index = LateIndex(ledger.path)
    try:
        yield index
    finally:
        try:
            if index.is_left_out:
                with alone(lock_beside(ledger.path)):
                    ledger.write(index.make).result()
        finally:
            index.let_go()


def keep_batch(
    connection: sqlite3.Connection,
    parsed: ParsedBatch,
    arrival: Arrival,
    memory: IdentityMemory,
    seen: SeenIds | None = None,
) -> KeptBatch:
    """Write a batch within a write transaction: what is new, and what was refused."""
    appended = append_events(connection, parsed.events, memory, arrival=arrival, seen=seen)
    keep_rejects(connection, arrival.origin.traced([*parsed.rejected, *parsed.warned]), arrival)
    rejected = tuple(why for why, _ in parsed.rejected)
    receipt = Receipt(len(appended.fresh), appended.duplicates, rejected, len(rejected))
    arrival.origin.kept(connection, receipt)
    return KeptBatch(receipt, appended)


_UNSEEN = "SELECT record_id FROM record WHERE seq > ? AND +kind = ?"
