"""Objections: from the moment one is acknowledged nothing is decided from the customer's profile, or against their no.

An objection is a no to each purpose that it names, kept as consent answers are: a merge keeps the strictest, and only a
later yes with its proof lifts it. A no to `profiling` takes every feature of that purpose away from decisions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from decisioning.catalog import Catalog
from decisioning.customer import CustomerReference
from decisioning.errors import InvalidInputError, as_word
from features.consent_intake import ConsentIntake, GivenConsent

PROFILING = "profiling"
METHOD = "objection"
"""How the answers were given, in their proof."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection. Parameters: `objection_id`, sent again it counts once; `to`, purposes; () for all that may be."""

    objection_id: str
    reference: CustomerReference
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Objected:
    """Whose objection it was, to what, and whether it was known already."""

    objection_id: str
    customer_id: str
    to: tuple[str, ...]
    duplicate: bool


@dataclass(frozen=True, slots=True)
class ObjectionBook:
    """Takes objections in. Parameters: `consents`, where they are kept; `catalog` gives the one that serves now."""

    consents: ConsentIntake
    catalog: Callable[[], Catalog]

    def accept(self, objection: Objection, *, received_at: datetime) -> Objected:
        """Record an objection; when this returns every decision that starts later obeys it.

        Raises: `InvalidInputError` of a purpose that nobody can object to, `ConflictError` of an id that was used
        before for something else, other purposes among them, `NotFoundError` and `ErasedError` as consents do.
        """
        allowed = open_to_objection(self.catalog())
        purposes = _purposes(objection.to, allowed)
        answers = [_no(objection, purpose) for purpose in purposes]
        perhaps = [_id(objection, purpose) for purpose in allowed]
        taken = self.consents.accept_objection(answers, perhaps, received_at=received_at)
        return Objected(objection.objection_id, taken.customer_id, purposes, taken.duplicate)


def open_to_objection(catalog: Catalog) -> tuple[str, ...]:
    """Profiling, and every purpose of the catalogue that needs consent; what needs none is owed to the customer."""
    named = {action.purpose for action in catalog.actions.values()}.union(catalog.purposes)
    return PROFILING, *sorted(purpose for purpose in named - {PROFILING} if catalog.needs_consent(purpose))


def _purposes(wanted: Sequence[str], allowed: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [purpose for purpose in wanted if purpose not in allowed]
    if unknown:
        raise InvalidInputError(
            f"nobody can object to {as_word(unknown[0])}; allowed: {', '.join(allowed)}",
            code="unknown_purpose",
            field="to",
        )
    return tuple(dict.fromkeys(wanted)) or allowed


def _no(objection: Objection, purpose: str) -> GivenConsent:
    name = _id(objection, purpose)
    return GivenConsent(name, objection.reference, purpose, "", granted=False, method=METHOD)


def _id(objection: Objection, purpose: str) -> str:
    """Of the answer about one purpose."""
    return f"{objection.objection_id}:{purpose}"
