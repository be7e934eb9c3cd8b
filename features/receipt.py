"""How a batch of events came, and what became of it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from features.rejection import Rejection

_SHOWN_REJECTIONS = 1000


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch.

    Parameters: `accepted`, new in the ledger; `duplicates`, there already; `rejected`, by place (of a bulk load, the
    first 1,000; all are in the reject table); `n_rejected`, all of them; `visible`, whether every projection has seen
    the events (they are durable in any case, and will be seen later).
    """

    accepted: int = 0
    duplicates: int = 0
    rejected: tuple[Rejection, ...] = ()
    n_rejected: int = 0
    visible: bool = True

    def __add__(self, other: "Receipt") -> "Receipt":
        """The receipt of both batches."""
        return Receipt(
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            (self.rejected + other.rejected)[:_SHOWN_REJECTIONS],
            self.n_rejected + other.n_rejected,
            self.visible and other.visible,
        )


class Origin:
    """What a batch was read from, beyond the name of its source: nothing, for what came over HTTP.

    Parameters: `file` and `mapping`, names, kept with what is refused. Subclasses know where each element stood, and
    note within the batch's own transaction how far they were read.
    """

    def __init__(self, file: str = "", mapping: str = "") -> None:
        self.file = file
        self.mapping = mapping

    def traced(self, refused: Sequence[tuple[Rejection, bytes]]) -> Sequence[tuple[Rejection, bytes]]:
        """What to keep of what was refused: with its place in the file, and as it stood there."""
        return refused

    def kept(self, connection: sqlite3.Connection, receipt: "Receipt") -> None:
        """Take note, within the write transaction, that a batch was kept; every element of it is in the receipt."""


ELSEWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a batch came: when, by whose clock it was sent, from where, and whether it is declared history."""

    received_at: datetime
    sent_at: datetime | None = None
    source: str = "http"
    backfill: bool = False
    origin: Origin = ELSEWHERE
