"""Records: the lines of the ledger, and what they say to features."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import orjson

from decisioning.errors import InvalidInputError, TsugiError
from features.fact import Fact
from features.segment import name_of, properties_of

EVENT, DECISION, OUTCOME, LINK = "event", "decision", "outcome", "link"
"""The kinds: what a customer did; what we decided; what became of it; that customers became one, or came apart."""
MERGE, UNMERGE, PROPOSAL = "merge", "unmerge", "proposal"
STATEMENTS = MERGE, UNMERGE, PROPOSAL
"""More kinds: somebody says that two identifiers belong together, or that they do not, or asks whether they do."""
KEPT, RETENTION = "kept", "retention"
"""What is kept of identities whose records were too old to keep; and what such a deletion came to."""
SPENT = "spent"
"""What decisions that were deleted had drawn from budgets, inventories and capacities; it names nobody."""
ERASURE = "erasure"
"""The kind that proves an erasure: when, and how much; it belongs to no customer and says nothing of any."""


DEFECTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, TsugiError)
"""What reading a body raises that is not what its kind says."""


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


class Told(NamedTuple):
    """What a record says to features, with the number of its identifier instead of a customer, who may change."""

    seq: int
    kind: str
    node: int | None
    occurred_us: int
    received_us: int
    known_us: int
    body: bytes


class Link(NamedTuple):
    """Customers that became one, or came apart: replay the customer, and drop those former ones that are no more."""

    customer_id: str
    former: tuple[str, ...]


def link_of(record: Record) -> Link:
    """What a record of kind `link` announces; `customer_id` is the customer's id of today."""
    body = orjson.loads(record.body)
    return Link(record.customer_id or body["customer_id"], tuple(each[0] for each in body["former"]))


class UnreadableRecordError(InvalidInputError):
    """A record's body is not what its kind says; nothing can be read from it, however often it is tried."""

    code = "unreadable_record"


def facts_in(record: Record | Told) -> tuple[Fact, ...]:
    """What a record says to features: an event, an outcome, or the impressions a decision implies; else nothing.

    Raises: `UnreadableRecordError`; see `features.dead_letter` for what becomes of such a record.
    """
    read = _READERS.get(record.kind)
    try:
        return read(record) if read else ()
    except DEFECTS as error:
        raise UnreadableRecordError(f"a record of kind {record.kind} cannot be read: {type(error).__name__}") from error


def facts_of(records: Iterable[Record]) -> list[Fact]:
    """The facts of many records, in their order; those that cannot be read say nothing."""
    facts: list[Fact] = []
    for record in records:
        with suppress(UnreadableRecordError):
            facts += facts_in(record)
    return facts


def event_fact(raw: Mapping[str, Any], occurred_us: int, known_us: int) -> Fact:
    """What an event says to features. Parameters: `raw`, as it was sent; the times that were settled on arrival."""
    event_type = raw["type"]
    name = name_of(raw, event_type)
    properties = properties_of(raw, event_type, name)
    return Fact(event_type, name, properties, occurred_us, known_us, timezone_of(raw) if "context" in raw else "")


def timezone_of(raw: Mapping[str, Any]) -> str:
    """The time zone that an event's own context names; "" where it names none."""
    context = raw.get("context")
    told = context.get("timezone") if isinstance(context, dict) else None
    return told if isinstance(told, str) else ""


def _event_facts(record: Record | Told) -> tuple[Fact, ...]:
    return (event_fact(orjson.loads(record.body), record.occurred_us, record.known_us),)


def _outcome_facts(record: Record | Told) -> tuple[Fact, ...]:
    """An outcome; but not a reported impression of a decision that implied it already."""
    body = orjson.loads(record.body)
    outcome, contact = body["outcome"], body["contact"]
    if outcome["type"] == "impression" and contact["implied"]:
        return ()
    properties = {**_contact_properties(contact), "amount": outcome["amount"]}
    return (Fact("outcome", outcome["type"], properties, record.occurred_us, record.known_us),)


def _decision_facts(record: Record | Told) -> tuple[Fact, ...]:
    contacts = orjson.loads(record.body)["contacts"]
    return tuple(
        Fact("outcome", "impression", _contact_properties(contact), record.occurred_us, record.known_us)
        for contact in contacts
        if contact["implied"]
    )


def _contact_properties(contact: dict[str, Any]) -> dict[str, Any]:
    return {key: contact[key] for key in ("action", "group", "channel", "treatment")}


_READERS = {EVENT: _event_facts, OUTCOME: _outcome_facts, DECISION: _decision_facts}
