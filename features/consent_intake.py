"""Taking one consent answer in, with its proof, and telling what stands then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from decisioning.customer import CustomerReference
from decisioning.errors import ConflictError, InvalidInputError
from features.addressee import EVENT_NAMES, addressee
from features.identifier import Identifier
from features.identity import IdentityGraph
from features.intake import Intake
from features.ledger import Ledger
from features.segment import CONSENT_UPDATED


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """One answer, as it was given.

    Parameters: `consent_id`, sent again it counts once; `channel` "" for all of them; `method`, how it was given;
    `text`, which text was shown: version, hash, url.
    """

    consent_id: str
    reference: CustomerReference
    purpose: str
    channel: str
    granted: bool
    method: str
    text: Mapping[str, str] = field(default_factory=dict)
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsentReceipt:
    """Whose answer it was, and whether it was known already."""

    customer_id: str
    duplicate: bool


class ConsentIntake:
    """Takes consent answers into a ledger, as `Consent Updated` events."""

    def __init__(self, ledger: Ledger, intake: Intake) -> None:
        self._ledger = ledger
        self._intake = intake

    def accept(self, given: GivenConsent, *, received_at: datetime) -> ConsentReceipt:
        """Record an answer; when this returns it is durable, and every decision that starts later obeys it.

        Raises: `NotFoundError` where the reference leads to no customer that an event can name, `ConflictError` of an
        id that was used before for something else, `InvalidInputError` of a moment that is not over.
        """
        with self._ledger.read() as connection:
            home = addressee(connection, given.reference)
        event = _event(given, home)
        receipt = self._intake.accept([event], received_at=received_at)
        for refused in receipt.rejected:
            raise InvalidInputError(refused.message, code=refused.code, field=refused.field)
        if receipt.duplicates:
            self._check_same(given.consent_id, event)
        kind, value = home
        customer_id = IdentityGraph(self._ledger).resolve(CustomerReference(kind, value))  # type: ignore[arg-type]  # ours
        return ConsentReceipt(customer_id or "", bool(receipt.duplicates))

    def _check_same(self, consent_id: str, event: Mapping[str, Any]) -> None:
        query = "SELECT body FROM record WHERE kind = 'event' AND record_id = ?"
        with self._ledger.read() as connection:
            before = orjson.loads(connection.execute(query, (consent_id,)).fetchone()[0])
        if before != event:
            raise ConflictError("this consent_id was used before for something else; the first one stands")


def _event(given: GivenConsent, home: Identifier) -> dict[str, Any]:
    kind, value = home
    properties = {"purpose": given.purpose, "granted": given.granted, "method": given.method}
    optional = {"channel": given.channel, "text": dict(given.text)}
    properties |= {name: said for name, said in optional.items() if said}
    event = {
        "type": "track",
        "event": CONSENT_UPDATED,
        "messageId": given.consent_id,
        EVENT_NAMES[kind]: value,
        "properties": properties,
    }
    return event | ({"timestamp": given.occurred_at.isoformat()} if given.occurred_at else {})
