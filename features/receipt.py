"""How a batch of events came, and what became of it."""

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


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a batch came: when, by whose clock it was sent, from where, and whether it is declared history."""

    received_at: datetime
    sent_at: datetime | None = None
    source: str = "http"
    backfill: bool = False
