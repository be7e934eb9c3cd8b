"""Reads files of events into the ledger."""

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, cast

from decisioning.errors import InvalidInputError, NotFoundError
from features.imports import ACCEPTED, DUPLICATES, REJECTED, ImportBook, ImportedFile
from features.intake import Arrival, Receipt
from features.mapping.mapping import Mapping as FileMapping
from features.mapping.mapping_file import read_mappings
from features.mapping.row_mapper import READ, REFUSED, ROWS, SKIPPED, WITHOUT_EVENT
from features.workspace import Workspace
from pipelines.clock import system_clock
from pipelines.composition import Composition, compose
from pipelines.file_import.opened import plain_name
from pipelines.file_import.progress import shown_progress
from pipelines.file_import.run import FileToImport, Reading, import_file
from pipelines.follow import followed

_AT_ONCE = 1 << 20
"""Bytes of lines that are read together."""
SUFFIXES = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz")


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a file.

    Parameters: `duplicates`, events that were there already; `rejected`, events and rows kept in the reject table with
    their reasons; `rows`, `read`, `without_event` and `skipped` (by rule) account for every row; `was_finished`, the
    file was read to its end before, and nothing was read now.
    """

    file: str
    accepted: int
    duplicates: int
    rejected: int
    rows: int
    mapping: str = ""
    read: int = 0
    without_event: int = 0
    refused: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    was_finished: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file is to be read.

    Parameters: `source` and `mapping`, names (None: as the mapping says, and by the file's name); `backfill`, the
    events are history, known at their own time; `again`, read a finished file anew.
    """

    source: str | None = None
    mapping: str | None = None
    backfill: bool = True
    again: bool = False


def ingest_file(home: Path, workspace: Path, file: Path, wanted: Wanted = Wanted()) -> Ingested:
    """Take a file in, from where an interrupted run ended; a finished one is not read twice.

    Raises `NotFoundError` of a missing file or mapping, `InvalidInputError` of a file that cannot be read so.
    """
    settings = Workspace.load(workspace)
    mapping = mapping_for(file, read_mappings(settings.mappings_path), wanted.mapping)
    check_file(file, mapped=mapping is not None)
    source = settings.sources.check(wanted.source or (mapping.source if mapping else "file"))
    asked = FileToImport(file, source, mapping, wanted.backfill)
    with compose(home, workspace) as composition:
        before = ImportBook(composition.ledger).find(asked.fingerprint)
        size = 0 if before and before.finished and not wanted.again else file.stat().st_size
        at = system_clock()
        arrival = Arrival(at, source=source, backfill=wanted.backfill)
        with shown_progress(file.name) as progress, followed(composition, arrival, size=size) as ahead:
            reading = Reading(at, progress, ahead, again=wanted.again)
            imported = import_file(composition, asked, reading)
        composition.projection.catch_up()
    return _ingested(str(file), imported, was_finished=bool(before and before.finished and not wanted.again))


def mapping_for(file: Path, mappings: Mapping[str, FileMapping], name: str | None) -> FileMapping | None:
    """The mapping of this name; without a name the one whose patterns fit the file, None where none does.

    Raises `NotFoundError` of an unknown name, `InvalidInputError` where several fit.
    """
    if name is not None:
        if name not in mappings:
            there = ", ".join(mappings) or "none is declared in mappings.yaml"
            raise NotFoundError(f"no such mapping: {name}; there are {there}", field="mapping")
        return mappings[name]
    fitting = [mapping for mapping in mappings.values() if mapping.reads(plain_name(file)) or mapping.reads(file.name)]
    if len(fitting) > 1:
        names = ", ".join(mapping.name for mapping in fitting)
        raise InvalidInputError(f"{file.name} fits the mappings {names}; say which with --mapping", field="mapping")
    return fitting[0] if fitting else None


def _ingested(file: str, imported: ImportedFile, *, was_finished: bool) -> Ingested:
    tally = imported.tally
    accepted, duplicates = tally.get(ACCEPTED, 0), tally.get(DUPLICATES, 0)
    return Ingested(
        file,
        accepted=0 if was_finished else accepted,
        duplicates=duplicates + accepted if was_finished else duplicates,
        rejected=tally.get(REJECTED, 0),
        rows=tally.get(ROWS, 0),
        mapping=imported.mapping,
        read=tally.get(READ, 0),
        without_event=tally.get(WITHOUT_EVENT, 0),
        refused=tally.get(REFUSED, 0),
        skipped={name.removeprefix(SKIPPED): n for name, n in sorted(tally.items()) if name.startswith(SKIPPED)},
        was_finished=was_finished,
    )


def check_file(file: Path, *, mapped: bool = False) -> None:
    """Refuse what is not there, and what is not named like JSON Lines and not read by a mapping either."""
    if not file.is_file():
        raise NotFoundError(f"{file} is no file; give JSON Lines, or a table that a mapping reads", field="file")
    if not mapped and not file.name.endswith(SUFFIXES):
        allowed = ", ".join(SUFFIXES)
        message = f"{file.name} is not JSON Lines; allowed: {allowed}, or what a mapping in mappings.yaml reads"
        raise InvalidInputError(message, field="file")


def load(
    composition: Composition,
    file: Path,
    *,
    received_at: datetime,
    source: str,
    backfill: bool = True,
    progress: Callable[[int], object] = lambda _: None,
    catch_up: bool = True,
) -> Receipt:
    """Take a file in and (with `catch_up`) bring the online features up to it; `progress` is told the bytes read."""
    arrival = Arrival(received_at, source=source, backfill=backfill)
    size = file.stat().st_size if catch_up else 0
    with _opened(file) as stream, followed(composition, arrival, size=size) as ahead:
        receipt = composition.intake.load(_lines(stream, progress), arrival, ahead)
    if catch_up:
        composition.projection.catch_up()
    return receipt


def _lines(stream: IO[bytes], progress: Callable[[int], object]) -> Iterator[bytes]:
    done = 0
    while lines := stream.readlines(_AT_ONCE):
        progress(done)
        yield from lines
        done += sum(map(len, lines))


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as stream:
        yield cast("IO[bytes]", stream)


def ingested_in_words(result: Ingested) -> str:
    """One line, where to look for what was rejected, and for a mapped file what became of every row."""
    line = f"{result.file}: {result.accepted:,} accepted, {result.duplicates:,} there already"
    line += f", {result.rejected:,} rejected: see `tsugi rejects`" if result.rejected else ""
    line += " (read to its end before)" if result.was_finished else ""
    return line if not result.mapping else f"{line}\n  {_rows_in_words(result)}"


def _rows_in_words(result: Ingested) -> str:
    parts = [f"{result.read:,} read"]
    parts += [f"{n:,} left out by {rule}" for rule, n in result.skipped.items()]
    parts += [f"{result.without_event:,} without an event"] if result.without_event else []
    parts += [f"{result.refused:,} refused"] if result.refused else []
    return f"{result.rows:,} rows by mapping {result.mapping}: {', '.join(parts)}"
