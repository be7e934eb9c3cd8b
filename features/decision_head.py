"""What every answer about a decision begins with."""

from typing import Any

from decisioning.decision import Decision


def head_of(decision: Decision) -> dict[str, Any]:
    """Which decision, for whom, when and where, in plain data."""
    return {
        "decision_id": decision.decision_id,
        "request_id": decision.request_id,
        "customer_id": decision.customer_id,
        "decided_at": decision.decided_at.isoformat().replace("+00:00", "Z"),
        "channel": decision.channel,
        "placement": decision.placement,
        "arm": decision.arm,
    }
