"""`POST /v1/consents`."""

from datetime import datetime
from typing import Any

import orjson

from features.consent import ConsentBook
from features.consent_intake import ConsentIntake, GivenConsent
from features.profile_document import standing_consents
from serving.desk import Desk
from serving.known_names import check_consent
from serving.reading import read
from serving.responses import Answer
from serving.route import Call
from serving.schemas import ConsentBody


async def consent(desk: Desk, call: Call) -> Answer:
    """Record one answer with its proof, and tell what stands for this customer then."""
    given = read(ConsentBody, call.body).given(desk.country)
    check_consent(given, desk.catalog.current, desk.purposes)
    return Answer(orjson.dumps(await desk.aside(_recorded, desk, given, call.received_at)))


def _recorded(desk: Desk, given: GivenConsent, received_at: datetime) -> dict[str, Any]:
    receipt = ConsentIntake(desk.ledger, desk.intake).accept(given, received_at=received_at)
    return {
        "consent_id": given.consent_id,
        "duplicate": receipt.duplicate,
        "customer_id": receipt.customer_id,
        "consents": standing_consents(ConsentBook(desk.ledger), receipt.customer_id),
    }
