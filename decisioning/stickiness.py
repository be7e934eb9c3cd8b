"""Draws that stay: the same within a session, or always for a customer, where the catalogue asks for it."""

from hashlib import blake2b

from decisioning.catalog import Catalog
from decisioning.decision import DecisionRequest


def stuck_of(request: DecisionRequest, customer_id: str, catalog: Catalog) -> str:
    """What names the draws of a decision that shares them with others, a digest; "" where it draws for itself."""
    sticky = catalog.exploration.sticky
    if not sticky or (sticky == "session" and not request.session):
        return ""
    session = request.session if sticky == "session" else ""
    named = f"{catalog.holdout.salt}:{request.placement}:{session}:{customer_id}"
    return "s_" + blake2b(named.encode(), digest_size=12).hexdigest()
