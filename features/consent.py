"""Consent: what a customer allowed, for which purpose on which channel, and the proof of each answer."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from decisioning.customer import ConsentState
from features.consent_proof import proof_of
from features.consent_rule import ConsentAnswer, standing
from features.event import Event
from features.instant import from_us, to_us
from features.ledger import Snapshots
from features.meeting import Meetings


@dataclass(frozen=True, slots=True)
class Consent:
    """One answer with its proof.

    Parameters: `method`, how it was given, and `source`, by which door it came; `text`, which text was agreed to
    (version, hash, url, as far as they were sent); `stands`, whether it is the one that counts for its purpose and
    channel now.
    """

    purpose: str
    channel: str
    granted: bool
    occurred_at: datetime
    received_at: datetime
    message_id: str
    source: str
    method: str | None
    text: Mapping[str, str]
    stands: bool


class ConsentBook:
    """The consents of a ledger, for reading.

    Parameters: `ledger`, or anything that gives snapshots of one.
    """

    def __init__(self, ledger: Snapshots) -> None:
        self._ledger = ledger

    def state(self, customer_id: str) -> ConsentState:
        """The answer that stands by (purpose, channel), see `features.consent_rule`; channel "" covers them all.

        Raises: `UnavailableError` where it cannot be read; the caller must then treat nothing as allowed.
        """
        with self._ledger.read() as connection:
            return _state(_standing(connection, customer_id, _answers(connection, customer_id)))

    def states(self, customer_ids: Sequence[str]) -> dict[str, ConsentState]:
        """As `state`, of several customers."""
        with self._ledger.read() as connection:
            given: dict[str, list[ConsentAnswer]] = {customer_id: [] for customer_id in customer_ids}
            for customer_id, *answer in connection.execute(_ANSWERS_OF_MANY, (orjson.dumps(customer_ids).decode(),)):
                given[customer_id].append(_answer(answer))
            return {each: _state(_standing(connection, each, answers)) for each, answers in given.items()}

    def history(self, customer_id: str) -> list[Consent]:
        """Every answer of a customer with its proof, the newest first."""
        with self._ledger.read() as connection:
            answers = _answers(connection, customer_id)
            stand = set(_standing(connection, customer_id, answers))
            given = sorted(answers, key=lambda answer: answer.age, reverse=True)
            return [_proven(connection, answer, stands=answer in stand) for answer in given]


def keep_consents(connection: sqlite3.Connection, consents: Iterable[tuple[int, Event]]) -> None:
    """Take track events named `Consent Updated`, each with the node of its identifier, into the state."""
    connection.executemany(_KEEP, [_row(node, event) for node, event in consents if event.type == "track"])


def _row(node: int, event: Event) -> ConsentAnswer:
    given = event.properties
    topic = given["purpose"], given.get("channel") or ""
    return ConsentAnswer(node, *topic, given["granted"], to_us(event.occurred_at), event.message_id)


def _answers(connection: sqlite3.Connection, customer_id: str) -> list[ConsentAnswer]:
    return [_answer(row) for row in connection.execute(_ANSWERS, (customer_id,))]


def _answer(row: Sequence[Any]) -> ConsentAnswer:
    answer = ConsentAnswer._make(row)
    return answer._replace(granted=bool(answer.granted))


def _state(standing_ones: Iterable[ConsentAnswer]) -> ConsentState:
    return ConsentState({answer.topic: answer.granted for answer in standing_ones})


def _standing(
    connection: sqlite3.Connection, customer_id: str, answers: Iterable[ConsentAnswer]
) -> list[ConsentAnswer]:
    """The answers that stand, sorted by purpose and channel."""
    by_topic: defaultdict[tuple[str, str], list[ConsentAnswer]] = defaultdict(list)
    for answer in answers:
        by_topic[answer.topic].append(answer)
    meetings = Meetings(connection, customer_id)
    return [standing(given, meetings.one_by) for _, given in sorted(by_topic.items())]


def _proven(connection: sqlite3.Connection, answer: ConsentAnswer, *, stands: bool) -> Consent:
    source, received_us, body = connection.execute(_PROOF, (answer.message_id,)).fetchone()
    proof = proof_of(orjson.loads(body)["properties"])
    return Consent(
        purpose=answer.purpose,
        channel=answer.channel,
        granted=answer.granted,
        occurred_at=from_us(answer.occurred_us),
        received_at=from_us(received_us),
        message_id=answer.message_id,
        source=source,
        method=proof.method,
        text=proof.text,
        stands=stands,
    )


_ANSWERS = """
    SELECT c.node, c.purpose, c.channel, c.granted, c.occurred_us, c.message_id
    FROM identifier i JOIN consent c ON c.node = i.node
    WHERE i.customer_id = ?
"""
_ANSWERS_OF_MANY = """
    SELECT i.customer_id, c.node, c.purpose, c.channel, c.granted, c.occurred_us, c.message_id
    FROM json_each(?) n JOIN identifier i ON i.customer_id = n.value JOIN consent c ON c.node = i.node
"""
_KEEP = """
    INSERT INTO consent (node, purpose, channel, granted, occurred_us, message_id) VALUES (?, ?, ?, ?, ?, ?)
"""
_PROOF = "SELECT source, received_us, body FROM record WHERE kind = 'event' AND record_id = ?"
