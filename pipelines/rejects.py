"""Shows what was rejected, newest first; personal data stays in the table."""

from dataclasses import dataclass
from pathlib import Path

from features.home import Home
from features.ledger import Ledger
from features.rejects import RejectBook


@dataclass(frozen=True, slots=True)
class Rejected:
    """One refused element, without what it said."""

    source: str
    place: int
    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Rejects:
    """The newest rejects, and how many there are of each code."""

    counts: dict[str, int]
    newest: tuple[Rejected, ...]


def newest_rejects(home: Path, *, limit: int) -> Rejects:
    """The newest rejects of a home."""
    with Ledger(Home(home).create().ledger) as ledger:
        book = RejectBook(ledger)
        newest = tuple(Rejected(r.source, r.place, r.code, r.field, r.message) for r in book.newest(limit))
        return Rejects(book.counts(), newest)


def rejects_in_words(rejects: Rejects) -> str:
    """Counts by code, then a line each."""
    if not rejects.counts:
        return "nothing was rejected"
    counts = ", ".join(f"{n:,} {code}" for code, n in rejects.counts.items())
    rows = [f"  {r.source}:{r.place} {r.code} {r.field}: {r.message}" for r in rejects.newest]
    return "\n".join([counts, *rows])
