"""Contacts: what was shown or may still be shown to a customer, and what they answered; caps and rests look at it.

A decision reserves the contact of every action it returns; an impression confirms it, and a reservation that nothing
confirmed counts until it expires. Outbound channels and placements that imply their impressions confirm at once; what
is put off counts from when it goes out, and until then as well.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from decisioning.catalog import Catalog
from decisioning.customer import Answer, Contact, ContactHistory
from decisioning.decision import Decision, RankedAction
from decisioning.outcome import ANSWERS, Outcome
from features.instant import from_us, to_us
from features.ledger import Ledger
from features.pool_table import confirm_drawings, drawings_of, keep_drawings


class ContactBook:
    """The contacts of a ledger, for reading."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def history(self, customer_id: str, since: datetime, now: datetime) -> ContactHistory:
        """Contacts that count now and answers, both at or after `since`, in order of time.

        Those later than `now` are among them: somebody else decided while this decision was on its way to the ledger.
        The version counts theirs; left out, they would let a cap be exceeded, and no check would find it.

        Raises: `UnavailableError` where it cannot be read; the caller must then offer nothing.
        """
        with self._ledger.read() as connection:
            bounds = {"customer": customer_id, "since": to_us(since), "now": to_us(now)}
            rows = connection.execute(_HISTORY, bounds).fetchall()
        contacts = [
            Contact(action, group, channel, _moment(at_us), None if expires_us is None else _moment(expires_us))
            for kind, action, group, channel, at_us, expires_us, _ in rows
            if kind == _CONTACT
        ]
        answers = [_answer(*row[1:5]) for row in rows if row[0] == _ANSWERED]
        return ContactHistory(contacts, answers, rows[0][1])

    def contacted_since(self, customer_id: str, since: datetime, now: datetime) -> bool:
        """Whether a contact that counts was decided, or reported or sent, at or after `since`.

        What was planned before and is still to come was known then, and is none. Raises: `UnavailableError`.
        """
        bounds = {"customer": customer_id, "since": to_us(since), "now": to_us(now)}
        with self._ledger.read() as connection:
            return bool(connection.execute(_SINCE, bounds).fetchone()[0])


def contact_facts(decision: Decision, catalog: Catalog) -> list[dict[str, Any]]:
    """What a decision reserves, as its record keeps it: action, group, channel, treatment, implied, expires_us, drawn.

    `drawn` is there where it takes of a pool: see `features.pool_table.Drawing`; `sent_us`, where it is sent later.
    """
    placement = catalog.placements.get(decision.placement)
    implied = placement is not None and placement.impressions == "implied"
    expires_at = decision.decided_at + placement.reservation if placement else decision.decided_at
    facts = [_fact(ranked, catalog, implied=implied, expires_us=to_us(expires_at)) for ranked in decision.ranked]
    if not catalog.pools:
        return facts
    drawn = [drawings_of(ranked, catalog, now=decision.decided_at) for ranked in decision.ranked]
    return [{**fact, "drawn": some} if some else fact for fact, some in zip(facts, drawn, strict=True)]


def keep_contacts(
    connection: sqlite3.Connection, node: int, decision_id: str, *, decided_us: int, facts: Iterable[Mapping[str, Any]]
) -> None:
    """Reserve the contacts of a decision and what they draw, or confirm at once those that are implied."""
    kept = list(facts)
    if kept:
        connection.executemany(_KEEP, [_row(node, decision_id, decided_us, fact) for fact in kept])
        keep_drawings(connection, decision_id, kept)
        grow_version(connection, node)


def keep_answer(connection: sqlite3.Connection, node: int, outcome: Outcome, *, group: str, occurred_us: int) -> None:
    """Take an outcome in: an impression confirms its contact from when it was shown first, an answer is kept.

    Parameters: `occurred_us`, as its record has it.
    """
    if outcome.type == "impression":
        contact = {"node": node, "decision": outcome.decision_id, "action": outcome.action}
        connection.execute(_CONFIRM, {"at": occurred_us, **contact})
        confirm_drawings(connection, outcome.decision_id, outcome.action)
    elif outcome.type in ANSWERS:
        connection.execute(_ANSWER, (outcome.outcome_id, node, outcome.action, group, outcome.type, occurred_us))
    grow_version(connection, node)


def grow_version(connection: sqlite3.Connection, node: int) -> None:
    """Say that the contacts of this identifier's customer changed."""
    connection.execute("UPDATE identifier SET contacts = contacts + 1 WHERE node = ?", (node,))


def _fact(ranked: RankedAction, catalog: Catalog, *, implied: bool, expires_us: int) -> dict[str, Any]:
    action, channel = catalog.actions.get(ranked.action), catalog.channels.get(ranked.channel)
    at_once = implied or (channel is not None and channel.outbound)
    later = {"sent_us": to_us(ranked.send_at)} if at_once and ranked.send_at else {}
    return {
        "action": ranked.action,
        "group": action.group if action else "",
        "channel": ranked.channel,
        "treatment": ranked.treatment,
        "implied": at_once,
        "expires_us": None if at_once else expires_us,
        **later,
    }


def _row(node: int, decision_id: str, decided_us: int, fact: Mapping[str, Any]) -> tuple[Any, ...]:
    shown_us = fact.get("sent_us", decided_us) if fact["implied"] else None
    named = (fact["action"], fact["treatment"], fact["group"], fact["channel"])
    return (node, decision_id, *named, decided_us, fact["expires_us"], shown_us)


def _answer(action: str, group: str, kind: str, occurred_us: int) -> Answer:
    return Answer(action, group, kind, from_us(occurred_us))


_moment = lru_cache(1024)(from_us)
"""The contacts of one decision have two moments between them."""
OF_DECISION = """
    FROM record r
    JOIN contact c ON c.node = r.node AND c.decided_us = r.occurred_us AND c.decision_id = r.record_id
    WHERE r.kind = 'decision' AND r.record_id = ?
"""
"""The contacts of a decision: they lie where its record does."""
_CONTACT, _ANSWERED = 1, 2
_HISTORY = f"""
    SELECT 0 AS what, coalesce(sum(contacts), 0) AS action, NULL, NULL, NULL AS at_us, NULL, NULL AS id
    FROM identifier WHERE customer_id = :customer
    UNION ALL
    SELECT {_CONTACT}, c.action, c.action_group, c.channel, coalesce(c.shown_us, c.decided_us) AS at_us,
           CASE WHEN c.shown_us IS NULL THEN c.expires_us END, c.decision_id
    FROM identifier i JOIN contact c ON c.node = i.node
    WHERE i.customer_id = :customer AND c.decided_us >= :since AND (c.shown_us NOTNULL OR c.expires_us > :now)
    UNION ALL
    SELECT {_CONTACT}, c.action, c.action_group, c.channel, c.shown_us, NULL, c.decision_id
    FROM identifier i JOIN contact c INDEXED BY contact_shown_later ON c.node = i.node
    WHERE i.customer_id = :customer AND c.shown_us >= :since AND c.decided_us < :since AND c.shown_us > c.decided_us
    UNION ALL
    SELECT {_ANSWERED}, a.action, a.action_group, a.type, a.occurred_us, NULL, a.outcome_id
    FROM identifier i JOIN answer a ON a.node = i.node
    WHERE i.customer_id = :customer AND a.occurred_us >= :since
    ORDER BY what, at_us, id, action
"""  # noqa: S608 (constants only)
"""The version of the contacts first, then contacts and answers, each in order of time: one look at all of them.

Nothing is shown before it is decided, so contacts that count were decided within the time that is looked at, or were
shown within it long after.
"""
_SINCE = """
    SELECT EXISTS (
        SELECT 1 FROM identifier i JOIN contact c ON c.node = i.node
        WHERE i.customer_id = :customer AND c.decided_us >= :since AND (c.shown_us NOTNULL OR c.expires_us > :now)
        UNION ALL
        SELECT 1 FROM identifier i JOIN contact c INDEXED BY contact_shown_later ON c.node = i.node
        WHERE i.customer_id = :customer AND c.decided_us < :since AND c.shown_us > c.decided_us
            AND c.shown_us BETWEEN :since AND :now
    )
"""
_KEEP = """
    INSERT INTO contact
        (node, decision_id, action, treatment, action_group, channel, decided_us, expires_us, shown_us)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_CONFIRM = """
    UPDATE contact SET shown_us = min(coalesce(shown_us, :at), :at)
    WHERE node = :node AND decision_id = :decision AND action = :action
        AND decided_us = (SELECT occurred_us FROM record WHERE kind = 'decision' AND record_id = :decision)
"""
_ANSWER = "INSERT INTO answer (outcome_id, node, action, action_group, type, occurred_us) VALUES (?, ?, ?, ?, ?, ?)"
