"""Shows one customer: golden record with lineage, identifiers, consent, and features as of now."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from decisioning.errors import NotFoundError
from features.golden_record import GoldenRecord
from features.identity import IdentityGraph
from pipelines.composition import compose
from pipelines.reference import reference_of


def profile_of(home: Path, workspace: Path, identifier: str) -> dict[str, Any]:
    """What is known of a customer now. Raises `NotFoundError` where nothing was recorded of this identifier."""
    reference = reference_of(identifier)
    with compose(home, workspace) as composition:
        graph = IdentityGraph(composition.ledger)
        customer_id = graph.resolve(reference)
        if customer_id is None:
            raise NotFoundError(f"nothing is recorded of this {reference.kind}", field="identifier")
        customer = composition.profiles.read(reference, now=composition.clock())
        fields = GoldenRecord(composition.ledger).profile(customer_id).fields
        return {
            "customer_id": customer_id,
            "as_of": customer.as_of,
            "identifiers": graph.identifiers(customer_id),
            "fields": {name: asdict(value) for name, value in fields.items()},
            "consent": [
                {"purpose": purpose, "channel": channel, "granted": granted}
                for (purpose, channel), granted in customer.consent.answers.items()
            ],
            "features": customer.features,
        }
