"""Records that a customer objects: to profiling, to marketing, to both."""

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from features.consent_intake import ConsentIntake
from features.privacy.objection import Objected, Objection, ObjectionBook
from pipelines.composition import compose
from pipelines.reference import reference_of


def object_for(home: Path, workspace: Path, identifier: str, *, to: Sequence[str]) -> Objected:
    """Record the objection; every decision that starts later obeys it, also in a running service."""
    with compose(home, workspace) as composition:
        book = ObjectionBook(ConsentIntake(composition.ledger, composition.intake), lambda: composition.catalog.catalog)
        objection = Objection(f"objection-{uuid4()}", composition.named(reference_of(identifier)), tuple(to))
        return book.accept(objection, received_at=composition.clock())


def objected_in_words(result: Objected) -> str:
    """One line."""
    return f"{result.customer_id} objects to {', '.join(result.to)}: no decision looks at them for that any more"
