"""Rebuilds every projection of the ledger: links, profiles, consent, contacts, and the online features."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from features.home import Home
from features.ledger_upgrade import upgrade
from features.rebuild import make_anew, rebuild
from features.workspace import Business, Workspace
from pipelines.composition import compose


@dataclass(frozen=True, slots=True)
class Resolved:
    """How many customers the records make, and how many records were read."""

    customers: int
    records: int


def resolve_all(home: Path, workspace: Path) -> Resolved:
    """Rebuild identities and golden records from the ledger alone; ids are what the records give."""
    _upgrade(home, Workspace.load(workspace).business)
    with compose(home, workspace) as composition:
        business = composition.workspace.business
        rebuild(composition.ledger, trust_email=business.trust_email, max_per_identifier=business.max_per_identifier)
        composition.projection.catch_up()
        with composition.ledger.read() as connection:
            (customers,) = connection.execute("SELECT count(DISTINCT customer_id) FROM identifier").fetchone()
        return Resolved(customers, composition.ledger.last_seq())


def _upgrade(home: Path, business: Business) -> None:
    """Bring the ledger of an earlier release up to this one, where it is one."""
    anew = partial(make_anew, trust_email=business.trust_email, max_per_identifier=business.max_per_identifier)
    upgrade(Home(home).ledger, anew)


def resolved_in_words(result: Resolved) -> str:
    """One line."""
    return f"{result.customers:,} customers from {result.records:,} records"
