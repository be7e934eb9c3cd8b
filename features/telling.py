"""What callers tell over routes of their own becomes events under the caller's id, and counts as it was first told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from decisioning.errors import ConflictError, ErasedError, InvalidInputError
from features.intake import Intake
from features.ledger import Ledger


def tell(
    ledger: Ledger, intake: Intake, events: Sequence[Mapping[str, Any]], *, id_field: str, received_at: datetime
) -> bool:
    """Take in, all at once, what a caller tells under one id; returns whether all of it was known already.

    Parameters: `events`, each with its `messageId`; `id_field`, what the caller's id is called. Raises:
    `InvalidInputError` of what an event cannot say, `ConflictError` of an id that was used before for something else,
    `ErasedError` of one whose event was erased.
    """
    receipt = intake.accept(events, received_at=received_at)
    for refused in receipt.rejected:
        named = _NAMED.get(refused.field, refused.field.removeprefix("properties."))
        raise InvalidInputError(refused.message.replace(refused.field, named, 1), code=refused.code, field=named)
    for event in events if receipt.duplicates else ():
        if _first(ledger, event["messageId"], id_field) != event:
            raise reused(id_field)
    return receipt.duplicates == len(events)


def reused(id_field: str) -> ConflictError:
    """The refusal of an id that was used before for something else. Parameters: `id_field`, what the id is called."""
    return ConflictError(f"this {id_field} was used before for something else; the first one stands", field=id_field)


def _first(ledger: Ledger, message_id: str, id_field: str) -> Mapping[str, Any]:
    """The event that was first taken in under this id."""
    with ledger.read() as connection:
        row = connection.execute(_BODY, (message_id,)).fetchone()
    if row is None:
        raise ErasedError(f"what this {id_field} told is of a customer who was erased", field=id_field)
    told: Mapping[str, Any] = orjson.loads(row[0])
    return told


_NAMED = {"timestamp": "occurred_at"}
"""What callers of a route of their own call a field of an event."""
_BODY = "SELECT body FROM record WHERE kind = 'event' AND record_id = ?"
