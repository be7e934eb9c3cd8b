"""Consent: what a customer allowed, the newest answer per purpose and channel."""

import sqlite3
from collections.abc import Iterable

from decisioning.customer import ConsentState
from features.event import Event
from features.instant import to_us
from features.ledger import Ledger


class ConsentBook:
    """The consents of a ledger, for reading."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def state(self, customer_id: str) -> ConsentState:
        """The newest answer by (purpose, channel), by `occurred_at` and message id; channel "" covers them all.

        Raises: `UnavailableError` where it cannot be read; the caller must then treat nothing as allowed.
        """
        with self._ledger.read() as connection:
            rows = connection.execute(_ANSWERS, (customer_id,)).fetchall()
        return ConsentState({(purpose, channel): bool(granted) for purpose, channel, granted in rows})


def keep_consents(connection: sqlite3.Connection, consents: Iterable[tuple[int, Event]]) -> None:
    """Take track events named `Consent Updated`, each with the node of its identifier, into the state."""
    connection.executemany(_KEEP, [_row(node, event) for node, event in consents if event.type == "track"])


def _row(node: int, event: Event) -> tuple[int, str, str, bool, int, str]:
    given = event.properties
    return (
        node,
        given["purpose"],
        given.get("channel") or "",
        given["granted"],
        to_us(event.occurred_at),
        event.message_id,
    )


_ANSWERS = """
    SELECT c.purpose, c.channel, c.granted
    FROM identifier i JOIN consent c ON c.node = i.node
    WHERE i.customer_id = ? ORDER BY c.occurred_us, c.message_id
"""
_KEEP = """
    INSERT INTO consent (node, purpose, channel, granted, occurred_us, message_id) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (node, purpose, channel) DO UPDATE SET
        granted = excluded.granted, occurred_us = excluded.occurred_us, message_id = excluded.message_id
    WHERE (excluded.occurred_us, excluded.message_id) > (consent.occurred_us, consent.message_id)
"""
