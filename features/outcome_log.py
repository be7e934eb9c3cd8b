"""Appending outcomes: each joins its decision, or waits in quarantine until the decision arrives."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

import orjson

from decisioning.errors import as_word
from decisioning.outcome import OUTCOME_TYPES, Outcome
from features.contacts import OF_DECISION, keep_answer
from features.instant import MAX_AHEAD, from_us, to_us
from features.ledger import insert_record
from features.number import LARGEST, is_usual
from features.privacy.tombstone import was_erased
from features.receipt import Arrival
from features.record import DECISION, OUTCOME
from features.rejection import RejectedEventError, Rejection, shown
from features.rejects import keep_rejects

_SECOND_US = 1_000_000


class Fate(Enum):
    """What became of one outcome that was not refused."""

    ACCEPTED = "accepted"
    LATE_IMPRESSION = "late_impression"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"
    ERASED = "erased"


class _Contact(NamedTuple):
    """What a decision said of one action."""

    node: int
    treatment: str
    group: str
    channel: str
    decided_us: int
    expires_us: int | None

    def properties(self, action: str) -> dict[str, Any]:
        named = {"action": action, "group": self.group, "channel": self.channel, "treatment": self.treatment}
        return {**named, "implied": self.expires_us is None}


def check_outcome(outcome: Outcome, *, received_at: datetime) -> None:
    """Refuse what no decision could make right.

    Raises: `RejectedEventError`: `missing_field`, `unknown_type`, `naive_timestamp`, `future_timestamp`, `not_finite`.
    """
    if not outcome.outcome_id or not outcome.decision_id:
        missing = "decision_id" if outcome.outcome_id else "outcome_id"
        raise RejectedEventError("missing_field", missing, f"an outcome needs its {missing}")
    if outcome.type not in OUTCOME_TYPES:
        allowed = ", ".join(OUTCOME_TYPES)
        raise RejectedEventError("unknown_type", "type", f"type is {shown(outcome.type)}; allowed: {allowed}")
    if outcome.amount is not None and not is_usual(outcome.amount):
        told = f"amount is {outcome.amount}; a number within {LARGEST:g}, either way, is allowed"
        raise RejectedEventError("not_finite", "amount", told)
    _check_time(outcome.occurred_at, received_at)


def append_outcome(
    connection: sqlite3.Connection, outcome: Outcome, *, received_us: int, backfill: bool = False
) -> Fate:
    """Take one outcome in, within a write transaction; it was checked before.

    Parameters: `backfill`, declared history: it was known when it occurred, not when it was received.
    Raises: `RejectedEventError` where its decision is known and does not have this action or treatment, or was made
    after it.
    """
    earlier = _earlier(connection, outcome.outcome_id)
    if earlier is not None:
        return Fate.DUPLICATE if earlier == outcome else Fate.CONFLICT
    if was_erased(connection, DECISION, outcome.decision_id):
        return Fate.ERASED
    if not _is_decided(connection, outcome.decision_id):
        row = (outcome.outcome_id, outcome.decision_id, received_us, backfill, orjson.dumps(outcome))
        connection.execute(_WAIT, row)
        return Fate.QUARANTINED
    return _join(connection, outcome, received_us, backfill=backfill)


def release_quarantine(connection: sqlite3.Connection, decision_id: str) -> None:
    """Join the outcomes that waited for this decision, now recorded; those it does not fit go to the rejects."""
    waiting = connection.execute(_WAITING, (decision_id,)).fetchall()
    if waiting:
        connection.execute("DELETE FROM quarantine WHERE decision_id = ?", (decision_id,))
    for body, received_us, backfill in waiting:
        try:
            _join(connection, outcome_from(orjson.loads(body)), received_us, backfill=bool(backfill))
        except RejectedEventError as error:
            refused = [(Rejection.of(0, error), body)]
            keep_rejects(connection, refused, Arrival(from_us(received_us), source="quarantine"))


def outcome_from(fields: Mapping[str, Any]) -> Outcome:
    """The outcome of its JSON object."""
    return Outcome(**{**fields, "occurred_at": datetime.fromisoformat(fields["occurred_at"])})


def _check_time(occurred_at: datetime, received_at: datetime) -> None:
    given = f"occurred_at is {occurred_at.isoformat()}"
    if occurred_at.tzinfo is None:
        raise RejectedEventError("naive_timestamp", "occurred_at", f"{given}; it needs a UTC offset or Z")
    if occurred_at - received_at > MAX_AHEAD:
        allowed = f"at most {MAX_AHEAD // timedelta(seconds=1)} s ahead of now is allowed"
        raise RejectedEventError("future_timestamp", "occurred_at", f"{given}; {allowed}")


def _earlier(connection: sqlite3.Connection, outcome_id: str) -> Outcome | None:
    """The outcome that came under this id before."""
    row = connection.execute(_RECORDED, (OUTCOME, outcome_id)).fetchone()
    if row is not None:
        return outcome_from(orjson.loads(row[0])["outcome"])
    row = connection.execute("SELECT body FROM quarantine WHERE outcome_id = ?", (outcome_id,)).fetchone()
    return None if row is None else outcome_from(orjson.loads(row[0]))


def _is_decided(connection: sqlite3.Connection, decision_id: str) -> bool:
    return connection.execute(_RECORDED, (DECISION, decision_id)).fetchone() is not None


def _join(connection: sqlite3.Connection, outcome: Outcome, received_us: int, *, backfill: bool = False) -> Fate:
    contact = _contact(connection, outcome)
    occurred_us = _occurred_us(outcome, contact, received_us)
    body = orjson.dumps({"outcome": outcome, "contact": contact.properties(outcome.action)})
    known_us = occurred_us if backfill else max(occurred_us, received_us)
    row = (OUTCOME, outcome.outcome_id, contact.node, occurred_us, received_us, known_us, "outcome", body)
    insert_record(connection, row)
    keep_answer(connection, contact.node, outcome, group=contact.group, occurred_us=occurred_us)
    is_late = outcome.type == "impression" and contact.expires_us is not None and occurred_us >= contact.expires_us
    return Fate.LATE_IMPRESSION if is_late else Fate.ACCEPTED


def _occurred_us(outcome: Outcome, contact: _Contact, received_us: int) -> int:
    """When it happened: what a fast clock puts after it was received happened then, and never before its decision.

    Many senders tell whole seconds: within the second of the decision, they mean after it.
    """
    occurred_us = to_us(outcome.occurred_at)
    if occurred_us == contact.decided_us // _SECOND_US * _SECOND_US:
        return contact.decided_us
    if occurred_us < contact.decided_us:
        decided = from_us(contact.decided_us).isoformat()
        message = f"occurred_at is {outcome.occurred_at.isoformat()}; the decision was made at {decided}"
        raise RejectedEventError("before_decision", "occurred_at", message)
    return max(min(occurred_us, received_us), contact.decided_us)


def _contact(connection: sqlite3.Connection, outcome: Outcome) -> _Contact:
    rows = dict(connection.execute(_ACTIONS, (outcome.decision_id,)).fetchall())
    if outcome.action not in rows:
        allowed = ", ".join(sorted(rows)) or "none, nothing was offered"
        message = f"action is {as_word(outcome.action)}; the decision offered: {allowed}"
        raise RejectedEventError("unknown_action", "action", message)
    if outcome.treatment not in ("", rows[outcome.action]):
        message = f"treatment is {as_word(outcome.treatment)}; the decision offered {rows[outcome.action]!r}"
        raise RejectedEventError("unknown_treatment", "treatment", message)
    return _Contact(*connection.execute(_CONTACT, (outcome.decision_id, outcome.action)).fetchone())


_RECORDED = "SELECT body FROM record WHERE kind = ? AND record_id = ?"
_WAIT = "INSERT INTO quarantine (outcome_id, decision_id, received_us, backfill, body) VALUES (?, ?, ?, ?, ?)"
_WAITING = "SELECT body, received_us, backfill FROM quarantine WHERE decision_id = ? ORDER BY outcome_id"
_ACTIONS = f"SELECT c.action, c.treatment {OF_DECISION}"
_CONTACT = f"""
    SELECT c.node, c.treatment, c.action_group, c.channel, c.decided_us, c.expires_us {OF_DECISION} AND c.action = ?
"""
