"""Rebuilds every projection of the ledger: links, profiles, consent, contacts, and the online features."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from features.home import Home
from features.identity_cluster import CROWDED
from features.identity_merge import MergeBook
from features.identity_review import ReviewBook
from features.ledger_upgrade import upgrade
from features.rebuild import rebuild, rebuilding
from features.workspace import Workspace
from pipelines.composition import Composition, compose
from pipelines.customers_matched import CustomersMatched
from pipelines.external.read import ExternalRead, external_in_words, read_external


@dataclass(frozen=True, slots=True)
class Resolved:
    """How many customers the records make, and how many records were read.

    Parameters: `waiting`, pairs that wait for review; `dissolved`, identifiers shared by too many; `crowded`, those in
    too large a customer; `external`, what became of the rows of an external golden record, where the workspace has one;
    `matched`, what matching by traits found, where it is enabled.
    """

    customers: int
    records: int
    waiting: int = 0
    dissolved: int = 0
    crowded: int = 0
    external: ExternalRead | None = None
    matched: CustomersMatched | None = None


def resolve_all(home: Path, workspace: Path) -> Resolved:
    """Rebuild identities and golden records from the ledger alone; ids are what the records give.

    An external golden record is read first.
    """
    upgrade(Home(home).ledger, rebuilding(Workspace.load(workspace)))
    with compose(home, workspace) as composition:
        external = read_external(composition) if composition.workspace.golden_record.mode == "external" else None
        rebuild(composition.ledger, composition.workspace.identity)
        composition.projection.catch_up()
        matched = _matched(composition)
        with composition.ledger.read() as connection:
            customers, dissolved, crowded = connection.execute(_COUNTS).fetchone()
        waiting = ReviewBook(composition.ledger, MergeBook(composition.ledger, composition.workspace.identity)).count()
        return Resolved(customers, composition.ledger.last_seq(), waiting, dissolved, crowded, external, matched)


def _matched(composition: Composition) -> CustomersMatched | None:
    """Match customers where the workspace wants it; what that needs is imported only then."""
    if not composition.workspace.matching.enabled:
        return None
    from pipelines.match_customers import match_customers

    return match_customers(composition)


def resolved_in_words(result: Resolved) -> str:
    """A line, one for each guard that tripped, and one on the external golden record, where there is one."""
    line = "\n".join([f"{result.customers:,} customers from {result.records:,} records", *_tripped(result)])
    return f"{external_in_words(result.external)}\n{line}" if result.external else line


def _tripped(result: Resolved) -> Iterator[str]:
    if result.matched:
        found = result.matched
        yield f"matched {found.compared:,} customers: {found.merged:,} merged, {found.proposed:,} proposed for review"
    if result.waiting:
        yield f"pairs that wait for review (`tsugi review`): {result.waiting:,}"
    if result.dissolved:
        yield f"identifiers that are shared by too many and link nothing: {result.dissolved:,}"
    if result.crowded:
        yield f"identifiers of customers that were too large and came apart: {result.crowded:,}"


_COUNTS = f"""
    SELECT count(DISTINCT customer_id), count(*) FILTER (WHERE dissolved), count(*) FILTER (WHERE marks & {CROWDED})
    FROM identifier
"""  # noqa: S608 (constants only)
