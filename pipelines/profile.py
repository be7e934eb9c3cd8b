"""Shows one customer: golden record with lineage, identifiers, consent with proof, features, recent decisions."""

from datetime import datetime
from pathlib import Path
from typing import Any

from features.golden_record import GoldenRules
from features.profile_document import ProfileDocuments, Shown
from features.rebuild import rebuilding
from features.trigger.plans import Plans
from pipelines.composition import Composition, compose
from pipelines.reference import reference_of


def profile_of(
    home: Path, workspace: Path, identifier: str, *, as_of: datetime | None = None, shown: Shown | None = None
) -> dict[str, Any]:
    """What is known of a customer now, or what was known at a moment.

    Raises `NotFoundError` where nothing was recorded of this identifier by then.
    """
    reference = reference_of(identifier)
    with compose(home, workspace) as composition:
        now, documents, reference = composition.clock(), documents_of(composition), composition.named(reference)
        if as_of is None:
            return documents.now(reference, composition.profiles, now, shown=shown)
        return documents.past(reference, as_of, now, shown=shown)


def documents_of(composition: Composition) -> ProfileDocuments:
    """What writes the profiles of an open home."""
    workspace, catalog = composition.workspace, composition.catalog.catalog
    plans = Plans(composition.home.triggers, lambda: catalog)
    rules = GoldenRules.of(workspace)
    return ProfileDocuments(composition.ledger, composition.features, rules, rebuilding(workspace), plans)
