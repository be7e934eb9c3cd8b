"""The profile of one customer: what is known, and where each field came from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from decisioning.customer import ConsentState, CustomerReference
from decisioning.decision import Decision
from decisioning.errors import NotFoundError
from decisioning.ports import ProfileReader
from features.decision_book import decision_of
from features.golden_record import FieldValue, GoldenRecord
from features.identity import IdentityGraph
from features.ledger import Ledger
from features.record import DECISION

RECENT = 10
"""Decisions that a profile lists, newest first."""


@dataclass(frozen=True, slots=True)
class ProfileView:
    """Gathers a profile from its projections.

    Parameters: `ledger`, whose projections are read; `profiles` gives the reader that decisions use now.
    """

    ledger: Ledger
    profiles: Callable[[], ProfileReader]

    def render(self, reference: CustomerReference, *, now: datetime) -> bytes:
        """Give the profile as JSON. Raises `NotFoundError` where nothing is recorded of this reference."""
        customer_id = IdentityGraph(self.ledger).resolve(reference)
        if customer_id is None:
            raise NotFoundError(f"nothing is recorded of this {reference.kind}", field="customer")
        customer = self.profiles().read(CustomerReference("customer_id", customer_id), now=now)
        return orjson.dumps(
            {
                "customer_id": customer_id,
                "as_of": _moment(now),
                "identifiers": _identifiers(IdentityGraph(self.ledger).identifiers(customer_id)),
                "fields": _fields(GoldenRecord(self.ledger).profile(customer_id).fields),
                "consents": _consents(customer.consent),
                "features": dict(customer.features),
                "decisions": [_decision(each) for each in self._recent(customer_id)],
            }
        )

    def _recent(self, customer_id: str) -> list[Decision]:
        records = [record for record in self.ledger.records_of(customer_id) if record.kind == DECISION]
        return [decision_of(record) for record in reversed(records[-RECENT:])]


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _identifiers(identifiers: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"kind": kind, "value": value} for kind, value in identifiers]


def _fields(fields: Mapping[str, FieldValue]) -> dict[str, dict[str, object]]:
    return {
        name: {
            "value": field.value,
            "source": field.source,
            "message_id": field.message_id,
            "occurred_at": _moment(field.occurred_at),
            "rule": field.rule,
        }
        for name, field in fields.items()
    }


def _consents(consent: ConsentState) -> list[dict[str, object]]:
    answers = sorted(consent.answers.items())
    return [{"purpose": purpose, "channel": channel, "granted": granted} for (purpose, channel), granted in answers]


def _decision(decision: Decision) -> dict[str, object]:
    return {
        "decision_id": decision.decision_id,
        "decided_at": _moment(decision.decided_at),
        "channel": decision.channel,
        "placement": decision.placement,
        "chosen": decision.chosen,
        "actions": [item.action for item in decision.ranked],
    }
