"""Shows what was rejected, newest first, and tries it again; personal data stays in the table."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import orjson

from decisioning.errors import ConflictError
from features.home import Home
from features.ledger import Ledger
from features.mapping.mapping_file import read_mappings
from features.mapping.row_mapper import RowMapper
from features.receipt import Arrival, Receipt
from features.rejects import EVERY, Reject, RejectBook, forget_rejects
from features.replaying import ReplayOrigin, elements_of
from pipelines.clock import system_clock
from pipelines.composition import Composition, compose
from pipelines.file_import.table_check import check_of

FOR_ITS_OWNER = 0o600


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rejects: of a source, of a code (None: any), and how many are shown."""

    source: str | None = None
    code: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Rejected:
    """One refused element, without what it said. Parameters: `taken`, a warning only."""

    source: str
    place: int
    code: str
    field: str
    message: str
    file: str = ""
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Rejects:
    """The newest rejects, and how many there are of each code."""

    counts: dict[str, int]
    newest: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of rejects that were tried again.

    Parameters: `accepted` and `duplicates`, events; `left_out`, rows that the mapping leaves out by now; `rejected`,
    events and rows that are refused still.
    """

    tried: int
    accepted: int
    duplicates: int
    left_out: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Written:
    """A file of rejects."""

    file: str
    n_rejects: int


def newest_rejects(home: Path, wanted: Wanted) -> Rejects:
    """The newest rejects of a home."""
    with Ledger(Home(home).create().ledger) as ledger:
        book = RejectBook(ledger)
        found = book.newest(wanted.limit, source=wanted.source, code=wanted.code)
        newest = tuple(Rejected(r.source, r.place, r.code, r.field, r.message, r.file, bool(r.taken)) for r in found)
        return Rejects(book.counts(), newest)


def write_rejects(home: Path, wanted: Wanted, out: Path) -> Written:
    """Write every reject of a source and code, with what it said, as JSON Lines: the file holds personal data.

    Raises `ConflictError` where the file exists.
    """
    if out.exists():
        raise ConflictError(f"{out} exists already; nothing was written", field="out")
    with Ledger(Home(home).create().ledger) as ledger:
        found = RejectBook(ledger).newest(EVERY, source=wanted.source, code=wanted.code)
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FOR_ITS_OWNER), "wb") as stream:
        stream.writelines(orjson.dumps(_told(each)) + b"\n" for each in reversed(found))
    return Written(str(out), len(found))


def _told(reject: Reject) -> dict[str, object]:
    return {**asdict(reject), "raw": reject.raw.decode(errors="replace"), "taken": bool(reject.taken)}


def written_in_words(written: Written) -> str:
    """One line."""
    return f"{written.n_rejects:,} rejects in {written.file}, with what they said: personal data"


def replay_rejects(home: Path, workspace: Path, wanted: Wanted) -> Replayed:
    """Try rejects again, after a mapping or a contract was changed; what comes in is a reject no more."""
    with compose(home, workspace) as composition:
        book = RejectBook(composition.ledger)
        rejects = book.replayable(source=wanted.source, code=wanted.code)
        alike = sorted(rejects, key=lambda each: (each.source, each.backfill))
        receipt, left_out = Receipt(), 0
        for (source, backfill), group in groupby(alike, key=lambda each: (each.source, each.backfill)):
            arrival = Arrival(system_clock(), source=source, backfill=bool(backfill))
            replayed, n_left_out = _replay(composition, list(group), arrival)
            receipt, left_out = receipt + replayed, left_out + n_left_out
        composition.projection.catch_up()
    return Replayed(len(rejects), receipt.accepted, receipt.duplicates, left_out, receipt.n_rejected)


def _replay(composition: Composition, rejects: list[Reject], arrival: Arrival) -> tuple[Receipt, int]:
    mappings = read_mappings(composition.workspace.mappings_path)

    def mapper_of(reject: Reject, names: Sequence[str]) -> RowMapper | None:
        mapping = mappings.get(reject.mapping)
        return RowMapper(mapping, names, file=reject.file, check=check_of(mapping.checks)) if mapping else None

    pairs = list(elements_of(rejects, mapper_of))
    ids = [reject_id for reject_id, _ in pairs]
    coming = Arrival(arrival.received_at, source=arrival.source, backfill=arrival.backfill, origin=ReplayOrigin(ids))
    receipt = composition.intake.load([element for _, element in pairs], coming)
    left_out = sorted({each.reject_id for each in rejects} - set(ids))
    composition.ledger.write(lambda connection: forget_rejects(connection, left_out)).result()
    return receipt, len(left_out)


def rejects_in_words(rejects: Rejects) -> str:
    """Counts by code, then a line each."""
    if not rejects.counts:
        return "nothing was rejected"
    counts = ", ".join(f"{n:,} {code}" for code, n in rejects.counts.items())
    return "\n".join([counts, *map(_in_words, rejects.newest)])


def _in_words(reject: Rejected) -> str:
    where = f"{reject.source}:{reject.file}:{reject.place}" if reject.file else f"{reject.source}:{reject.place}"
    return f"  {where} {reject.code} {reject.field}: {reject.message}{' (taken)' if reject.taken else ''}"


def replayed_in_words(replayed: Replayed) -> str:
    """One line."""
    parts = f"{replayed.accepted:,} events accepted, {replayed.duplicates:,} there already"
    return f"{replayed.tried:,} tried: {parts}, {replayed.left_out:,} left out, {replayed.rejected:,} rejected still"
