"""Erases customers, everywhere; a running service goes on meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from decisioning.customer import CustomerReference
from features.privacy.erasure import ErasureBook
from features.privacy.sweep import Sweeper
from pipelines.composition import Composition, compose


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did.

    Parameters: `customers` found; `removed`, rows by table; `swept`, whether no file keeps a byte of them. Where it is
    false somebody kept reading for long: erase again, or leave it to the service, which tries on.
    """

    erasure_id: str
    erased_at: datetime
    customers: int
    removed: Mapping[str, int]
    swept: bool


def erase_customers(home: Path, workspace: Path, references: Sequence[CustomerReference]) -> Erased:
    """Erase customers from ledger, features, history and every file, and say what was done."""
    with compose(home, workspace) as composition:
        return erase(composition, [composition.named(reference) for reference in references])


def erase(composition: Composition, references: Sequence[CustomerReference]) -> Erased:
    """As `erase_customers`, on an open home."""
    named = [composition.named(reference) for reference in references]
    log = composition.workspace.erasure_log(composition.home)
    done = ErasureBook(composition.ledger, log).erase(named, now=composition.clock())
    swept = sweeper(composition).sweep(now=composition.clock())
    return Erased(done.erasure_id, done.erased_at, done.customers, done.removed, swept)


def sweeper(composition: Composition) -> Sweeper:
    """What clears the files of an open home."""
    return Sweeper(composition.ledger, composition.home, composition.projection.catch_up)


def erased_in_words(result: Erased) -> str:
    """One line; who it was is not said."""
    rows = ", ".join(f"{n:,} {table}" for table, n in sorted(result.removed.items())) or "nothing was left of them"
    files = "every file is clear" if result.swept else "files are not clear yet: somebody is reading; erase again"
    return f"{result.erasure_id}: {result.customers:,} erased ({rows}); {files}"
