"""Rebuilds every projection of the ledger: links, profiles, consent, contacts, and the online features."""

from dataclasses import dataclass
from pathlib import Path

from features.home import Home
from features.ledger_upgrade import upgrade
from features.rebuild import rebuild, rebuilding
from features.workspace import Workspace
from pipelines.composition import compose
from pipelines.external.read import ExternalRead, read_external


@dataclass(frozen=True, slots=True)
class Resolved:
    """How many customers the records make, and how many records were read.

    Parameters: `external`, what became of the rows of an external golden record, where the workspace has one.
    """

    customers: int
    records: int
    external: ExternalRead | None = None


def resolve_all(home: Path, workspace: Path) -> Resolved:
    """Rebuild identities and golden records from the ledger alone; ids are what the records give.

    An external golden record is read first.
    """
    upgrade(Home(home).ledger, rebuilding(Workspace.load(workspace)))
    with compose(home, workspace) as composition:
        external = read_external(composition) if composition.workspace.golden_record.mode == "external" else None
        rebuild(composition.ledger, composition.workspace.identity)
        composition.projection.catch_up()
        with composition.ledger.read() as connection:
            (customers,) = connection.execute("SELECT count(DISTINCT customer_id) FROM identifier").fetchone()
        return Resolved(customers, composition.ledger.last_seq(), external)


def resolved_in_words(result: Resolved) -> str:
    """A line, and one on the external golden record, where there is one."""
    line = f"{result.customers:,} customers from {result.records:,} records"
    read = result.external
    if read is None:
        return line
    told = f"external golden record: {read.accepted:,} new, {read.unchanged:,} unchanged, {read.rejected:,} rejected"
    return f"{told}\n{line}"
