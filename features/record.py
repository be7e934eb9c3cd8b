"""Records: the lines of the ledger, and what they say to features."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from features.fact import Fact
from features.segment import name_of, properties_of

EVENT, DECISION, OUTCOME, LINK = "event", "decision", "outcome", "link"
"""The kinds: what a customer did; what we decided; what became of it; that customers became one, or came apart."""
MERGE, UNMERGE = "merge", "unmerge"
"""More kinds: somebody says that two identifiers belong together, or that they do not."""


class Record(NamedTuple):
    """One line of the ledger; times are microseconds since the epoch, UTC.

    Parameters: `record_id`, unique within its kind (messageId, decision_id, outcome_id); `customer_id`, of today, after
    every merge (None where no customer is named); `known_us`, when its state became known, max(occurred, received) or,
    for a declared backfill, occurred; `body`, JSON.
    """

    seq: int
    kind: str
    record_id: str
    customer_id: str | None
    occurred_us: int
    received_us: int
    known_us: int
    source: str
    body: bytes


class Link(NamedTuple):
    """Customers that became one, or came apart: replay the customer, and drop those former ones that are no more."""

    customer_id: str
    former: tuple[str, ...]


def link_of(record: Record) -> Link:
    """What a record of kind `link` announces; `customer_id` is the customer's id of today."""
    body = orjson.loads(record.body)
    return Link(record.customer_id or body["customer_id"], tuple(each[0] for each in body["former"]))


def facts_in(record: Record) -> tuple[Fact, ...]:
    """What a record says to features: an event, an outcome, or the impressions a decision implies; else nothing."""
    read = _READERS.get(record.kind)
    return read(record) if read else ()


def facts_of(records: Iterable[Record]) -> list[Fact]:
    """The facts of many records, in their order."""
    return [fact for record in records for fact in facts_in(record)]


def _event_facts(record: Record) -> tuple[Fact, ...]:
    raw = orjson.loads(record.body)
    event_type = raw["type"]
    name = name_of(raw, event_type)
    return (Fact(event_type, name, properties_of(raw, event_type, name), record.occurred_us, record.known_us),)


def _outcome_facts(record: Record) -> tuple[Fact, ...]:
    """An outcome; but not a reported impression of a decision that implied it already."""
    body = orjson.loads(record.body)
    outcome, contact = body["outcome"], body["contact"]
    if outcome["type"] == "impression" and contact["implied"]:
        return ()
    properties = {**_contact_properties(contact), "amount": outcome["amount"]}
    return (Fact("outcome", outcome["type"], properties, record.occurred_us, record.known_us),)


def _decision_facts(record: Record) -> tuple[Fact, ...]:
    contacts = orjson.loads(record.body)["contacts"]
    return tuple(
        Fact("outcome", "impression", _contact_properties(contact), record.occurred_us, record.known_us)
        for contact in contacts
        if contact["implied"]
    )


def _contact_properties(contact: dict[str, Any]) -> dict[str, Any]:
    return {key: contact[key] for key in ("action", "group", "channel", "treatment")}


_READERS = {EVENT: _event_facts, OUTCOME: _outcome_facts, DECISION: _decision_facts}
