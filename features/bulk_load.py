"""One batch of events, parsed and kept; and a whole load of them, with the identity graph in memory."""

import sqlite3
from dataclasses import dataclass

from features.event import Event
from features.event_log import append_events
from features.identity_memory import IdentityMemory
from features.ledger import last_seq
from features.receipt import Arrival, Receipt
from features.rejection import Rejection
from features.rejects import keep_rejects


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """The events of a batch, and what was refused of it, each with its raw bytes."""

    events: list[Event]
    rejected: list[tuple[Rejection, bytes]]


class BulkMemory:
    """The identity graph in memory across the transactions of one load, read anew if anybody else wrote meanwhile."""

    def __init__(self, max_per_identifier: int) -> None:
        self._max_per_identifier = max_per_identifier
        self._memory: IdentityMemory | None = None
        self._seq = -1

    def keep(self, connection: sqlite3.Connection, parsed: ParsedBatch, arrival: Arrival) -> Receipt:
        """Write one batch within a write transaction."""
        memory = self._memory if self._seq == last_seq(connection) else None
        self._memory = None
        if memory is None:
            memory = IdentityMemory(connection, self._max_per_identifier)
            memory.remember_all()
        receipt = keep_batch(connection, parsed, arrival, memory)
        self._memory, self._seq = memory, last_seq(connection)
        return receipt


def keep_batch(
    connection: sqlite3.Connection, parsed: ParsedBatch, arrival: Arrival, memory: IdentityMemory
) -> Receipt:
    """Write a batch within a write transaction: what is new, and what was refused."""
    appended = append_events(connection, parsed.events, memory, backfill=arrival.backfill)
    keep_rejects(connection, parsed.rejected, source=arrival.source, received_at=arrival.received_at)
    rejected = tuple(why for why, _ in parsed.rejected)
    return Receipt(appended.accepted, appended.duplicates, rejected, len(rejected))
