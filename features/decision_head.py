"""What every answer about a decision begins with."""

from datetime import datetime
from typing import Any

from decisioning.decision import Decision


def moment(at: datetime) -> str:
    """A moment in UTC as answers write it.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 3, 1, tzinfo=UTC))
    '2026-03-01T00:00:00Z'
    """
    return at.isoformat().replace("+00:00", "Z")


def head_of(decision: Decision) -> dict[str, Any]:
    """Which decision, for whom, when and where, in plain data."""
    return {
        "decision_id": decision.decision_id,
        "request_id": decision.request_id,
        "customer_id": decision.customer_id,
        "decided_at": moment(decision.decided_at),
        "channel": decision.channel,
        "placement": decision.placement,
        "arm": decision.arm,
        **({"variants": decision.variants} if decision.variants else {}),
    }
