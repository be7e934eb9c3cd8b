"""Rebuilds every projection of the ledger: links, profiles, consent, contacts, and the online features."""

from dataclasses import dataclass
from pathlib import Path

from features.home import Home
from features.ledger_upgrade import upgrade
from features.rebuild import rebuild, rebuilding
from features.workspace import Workspace
from pipelines.composition import compose


@dataclass(frozen=True, slots=True)
class Resolved:
    """How many customers the records make, and how many records were read."""

    customers: int
    records: int


def resolve_all(home: Path, workspace: Path) -> Resolved:
    """Rebuild identities and golden records from the ledger alone; ids are what the records give."""
    upgrade(Home(home).ledger, rebuilding(Workspace.load(workspace)))
    with compose(home, workspace) as composition:
        rebuild(composition.ledger, composition.workspace.identity)
        composition.projection.catch_up()
        with composition.ledger.read() as connection:
            (customers,) = connection.execute("SELECT count(DISTINCT customer_id) FROM identifier").fetchone()
        return Resolved(customers, composition.ledger.last_seq())


def resolved_in_words(result: Resolved) -> str:
    """One line."""
    return f"{result.customers:,} customers from {result.records:,} records"
