"""What a business tells every customer who asks: for which purposes data is used, and how long what is kept."""

from typing import Any

from decisioning.catalog import Catalog
from features.privacy.settings import Retention


def stated(catalog: Catalog, retention: Retention) -> dict[str, Any]:
    """Purposes of the catalogue, each with whether it needs consent; retention in days, None where it has no limit."""
    named = {action.purpose for action in catalog.actions.values()}.union(catalog.purposes)
    purposes = {name: {"needs_consent": catalog.needs_consent(name)} for name in sorted(named)}
    return {"purposes": purposes, "retention_days": retention.model_dump()}
