"""Taking one consent answer in, with its proof, and telling what stands then."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from decisioning.customer import CustomerReference
from features.addressee import EVENT_NAMES, addressee
from features.identifier import Identifier
from features.identity import IdentityGraph
from features.intake import Intake
from features.ledger import Ledger
from features.segment import CONSENT_UPDATED
from features.telling import reused, tell


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
        id that was used before for something else, `ErasedError` where that was erased, `InvalidInputError` of a
        moment that is not over.
        """
        return self._accept([given], id_field="consent_id", received_at=received_at)

    def accept_objection(
        self, answers: Sequence[GivenConsent], perhaps: Iterable[str], *, received_at: datetime
    ) -> ConsentReceipt:
        """Record the answers that one objection is, all or none. Raises as `accept` does.

        Parameters: `answers` of one customer; `perhaps`, the ids that its answers may have: where another set of them
        is known than `answers` have, the objection was another one.
        """
        named = {each.consent_id for each in answers}
        known = self._known({*named, *perhaps})
        if known and known != named:
            raise reused("objection_id")
        return self._accept(answers, id_field="objection_id", received_at=received_at)

    def _accept(self, answers: Sequence[GivenConsent], *, id_field: str, received_at: datetime) -> ConsentReceipt:
        with self._ledger.read() as connection:
            home = addressee(connection, answers[0].reference)
        events = [_event(each, home) for each in answers]
        is_known = tell(self._ledger, self._intake, events, id_field=id_field, received_at=received_at)
        kind, value = home
        customer_id = IdentityGraph(self._ledger).resolve(CustomerReference(kind, value))  # type: ignore[arg-type]  # ours
        return ConsentReceipt(customer_id or "", is_known)

    def _known(self, names: Iterable[str]) -> set[str]:
        query = "SELECT record_id FROM record WHERE kind = 'event' AND record_id = ?"
        with self._ledger.read() as connection:
            return {name for name in names if connection.execute(query, (name,)).fetchone()}


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
