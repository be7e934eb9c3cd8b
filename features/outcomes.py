"""Taking outcomes in: idempotent by id, late and out of order welcome, unknown decisions waited for."""

import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import orjson

from decisioning.outcome import Outcome
from features.instant import to_us
from features.ledger import Ledger
from features.outcome_log import Fate, append_outcome, check_outcome
from features.receipt import Arrival
from features.rejection import RejectedEventError, Rejection
from features.rejects import keep_rejects


@dataclass(frozen=True, slots=True)
class OutcomeReceipt:
    """What became of a batch of outcomes.

    Parameters: `accepted`, new and joined to their decision, late impressions included; `duplicates`, the same again;
    `conflicts`, an id used before with another body (the first one stands); `quarantined`, waiting for their decision;
    `rejected`, refused; `late_impressions`, ids of impressions after their reservation was released; `erased`, of
    decisions that were erased: nothing is kept of them.
    """

    accepted: int = 0
    duplicates: int = 0
    conflicts: tuple[Rejection, ...] = ()
    quarantined: int = 0
    rejected: tuple[Rejection, ...] = ()
    late_impressions: tuple[str, ...] = ()
    erased: tuple[Rejection, ...] = ()


class OutcomeBook:
    """Takes outcomes into a ledger.

    Parameters: `ledger`, where their decisions are recorded.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def accept(self, outcomes: Sequence[Outcome], *, received_at: datetime, backfill: bool = False) -> OutcomeReceipt:
        """Take in a batch; durable when this returns.

        Parameters: `backfill`, declared history, known when it occurred. Raises: `UnavailableError` where the ledger
        cannot be written; then nothing was taken.
        """
        return self.accept_later(outcomes, received_at=received_at, backfill=backfill).result()

    def accept_later(
        self, outcomes: Sequence[Outcome], *, received_at: datetime, backfill: bool = False
    ) -> "Future[OutcomeReceipt]":
        """As `accept`, without waiting."""
        return self._ledger.write(partial(_keep, outcomes=outcomes, received_at=received_at, backfill=backfill))

    def quarantined(self) -> int:
        """How many outcomes wait for their decision."""
        with self._ledger.read() as connection:
            count: int = connection.execute("SELECT count(*) FROM quarantine").fetchone()[0]
        return count


def _keep(
    connection: sqlite3.Connection, *, outcomes: Sequence[Outcome], received_at: datetime, backfill: bool
) -> OutcomeReceipt:
    fates: list[tuple[int, Outcome, Fate]] = []
    rejected: list[tuple[Rejection, bytes]] = []
    for index, outcome in enumerate(outcomes):
        try:
            check_outcome(outcome, received_at=received_at)
            fate = append_outcome(connection, outcome, received_us=to_us(received_at), backfill=backfill)
            fates.append((index, outcome, fate))
        except RejectedEventError as error:
            rejected.append((Rejection.of(index, error), orjson.dumps(outcome)))
    keep_rejects(connection, rejected, Arrival(received_at, source="outcome"))
    return _receipt(fates, tuple(why for why, _ in rejected))


def _receipt(fates: Sequence[tuple[int, Outcome, Fate]], rejected: tuple[Rejection, ...]) -> OutcomeReceipt:
    met = [fate for _, _, fate in fates]
    return OutcomeReceipt(
        accepted=met.count(Fate.ACCEPTED) + met.count(Fate.LATE_IMPRESSION),
        duplicates=met.count(Fate.DUPLICATE),
        conflicts=tuple(_conflict(index, outcome) for index, outcome, fate in fates if fate is Fate.CONFLICT),
        quarantined=met.count(Fate.QUARANTINED),
        rejected=rejected,
        late_impressions=tuple(outcome.outcome_id for _, outcome, fate in fates if fate is Fate.LATE_IMPRESSION),
        erased=tuple(_erased(index) for index, _, fate in fates if fate is Fate.ERASED),
    )


def _conflict(index: int, outcome: Outcome) -> Rejection:
    message = f"outcome_id {outcome.outcome_id!r} was used before with a different body; the first one stands"
    return Rejection(index, "conflict", "outcome_id", message)


def _erased(index: int) -> Rejection:
    return Rejection(index, "erased", "decision_id", "this decision was erased, on its customer's demand or by age")
