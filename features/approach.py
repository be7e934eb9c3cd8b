"""What automation has planned for a customer, and what became of what it sent: for people who talk to them too."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from decisioning.decision import Decision, RankedAction
from features.decision_book import decision_of
from features.instant import from_us
from features.ledger import records_of
from features.record import DECISION, OUTCOME, Record
from features.trigger.plans import Message, Plans

RECENT = 10
"""Decisions that a profile lists, newest first."""
LOOKED_AT = 100
"""The newest decisions, among which what is planned is found."""
_PUT_OFF = b'"send_at":"'
"""What the record of a decision has of which something goes out later."""
_BY_MESSAGE = {"pending": "planned", "delivered": "sent", "given_up": "not_sent"}
_Contact = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Approach:
    """The decisions of one customer as they stand at a moment.

    Parameters: `decisions`, newest first; `contacts`, by decision and action, (when it is released, when it was shown);
    `outcomes`, the types told of them, by decision and action; `messages`, of triggers, by decision.
    """

    decisions: Sequence[Decision]
    contacts: Mapping[tuple[str, str], _Contact]
    outcomes: Mapping[tuple[str, str], Sequence[str]]
    messages: Mapping[str, Message]
    now: datetime

    @classmethod
    def of(cls, connection: sqlite3.Connection, customer_id: str, *, plans: Plans | None, now: datetime) -> "Approach":
        """Read it. Parameters: `plans` (None: what triggers sent is not known)."""
        known = records_of(connection, customer_id)
        newest = [each for each in known if each.kind == DECISION][: -LOOKED_AT - 1 : -1]
        messages = plans.messages(each.record_id for each in newest) if plans else {}
        made = [
            decision_of(each)
            for place, each in enumerate(newest)
            if place < RECENT or each.record_id in messages or _PUT_OFF in each.body
        ]
        rows = connection.execute(_CONTACTS, (customer_id,))
        contacts = {(decision, action): (expires_us, shown_us) for decision, action, expires_us, shown_us in rows}
        return cls(made, contacts, _outcomes(known), messages, now)

    def recent(self) -> Iterator[tuple[Decision, list[dict[str, Any]]]]:
        """The decisions that are listed, each with what became of its actions."""
        for decision in self.decisions[:RECENT]:
            yield decision, [self._contact(decision, item) for item in decision.ranked]

    def planned(self) -> Iterator[tuple[datetime, Decision, str | None]]:
        """Decisions of which something is still to go out: when, which, and by which trigger."""
        for decision in self.decisions:
            message = self.messages.get(decision.decision_id)
            times = [
                each.send_at for each in decision.ranked if each.send_at and self._state(decision, each) == "planned"
            ]
            if message and message.next_at:
                yield message.next_at, decision, message.trigger
            elif times and not message:
                yield min(times), decision, None

    def _contact(self, decision: Decision, item: RankedAction) -> dict[str, Any]:
        return {
            "action": item.action,
            "treatment": item.treatment,
            "state": self._state(decision, item),
            "send_at": item.send_at,
            "outcomes": list(self.outcomes.get((decision.decision_id, item.action), ())),
        }

    def _state(self, decision: Decision, item: RankedAction) -> str | None:
        """Where one action stands; None where no contact is kept of it."""
        message, contact = (
            self.messages.get(decision.decision_id),
            self.contacts.get((decision.decision_id, item.action)),
        )
        if message:
            return _BY_MESSAGE[message.state]
        if item.send_at and item.send_at > self.now:
            return "planned"
        return None if contact is None else _by_contact(*contact, now=self.now)


def _by_contact(expires_us: int | None, shown_us: int | None, *, now: datetime) -> str:
    if expires_us is None:
        return "sent"
    if shown_us is not None:
        return "shown"
    return "reserved" if now < from_us(expires_us) else "not_shown"


def _outcomes(records: Iterable[Record]) -> dict[tuple[str, str], list[str]]:
    told: dict[tuple[str, str], list[str]] = {}
    for record in records:
        if record.kind == OUTCOME:
            outcome = orjson.loads(record.body)["outcome"]
            told.setdefault((outcome["decision_id"], outcome["action"]), []).append(outcome["type"])
    return told


_CONTACTS = """
    SELECT c.decision_id, c.action, c.expires_us, c.shown_us
    FROM identifier i JOIN contact c ON c.node = i.node WHERE i.customer_id = ?
"""
