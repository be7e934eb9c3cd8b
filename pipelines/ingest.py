"""Reads files of events into the ledger."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, cast

from decisioning.errors import InvalidInputError, NotFoundError
from features.intake import Arrival, Receipt
from pipelines.clock import system_clock
from pipelines.composition import Composition, compose
from pipelines.follow import followed

SUFFIXES = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz")


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a file. Parameters: `rejected`, lines kept in the reject table with their reasons."""

    file: str
    accepted: int
    duplicates: int
    rejected: int


def ingest_file(home: Path, workspace: Path, file: Path, *, source: str = "file", backfill: bool = True) -> Ingested:
    """Take a file of JSON Lines in; run it again after an interruption, what is there already counts as duplicate.

    Parameters: `backfill`, the events are history, known at their own time. Raises `NotFoundError` of a missing file,
    `InvalidInputError` of one that is not JSON Lines, or of a source that a strict workspace does not name.
    """
    check_file(file)
    with compose(home, workspace) as composition:
        composition.workspace.sources.check(source)
        receipt = load(composition, file, received_at=system_clock(), source=source, backfill=backfill)
    return Ingested(str(file), receipt.accepted, receipt.duplicates, receipt.n_rejected)


def check_file(file: Path) -> None:
    """Refuse what is not there, and what is not named like JSON Lines."""
    if not file.is_file():
        raise NotFoundError(f"{file} is no file; give JSON Lines of Segment-spec events", field="file")
    if not file.name.endswith(SUFFIXES):
        raise InvalidInputError(f"{file.name} is not JSON Lines; allowed: {', '.join(SUFFIXES)}", field="file")


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
    home, workspace = composition.home.path, composition.workspace.folder
    with _opened(file) as stream, followed(home, workspace, size=file.stat().st_size if catch_up else 0):
        receipt = composition.intake.load(_lines(stream, progress), arrival)
    if catch_up:
        composition.projection.catch_up()
    return receipt


def _lines(stream: IO[bytes], progress: Callable[[int], object]) -> Iterator[bytes]:
    done = 0
    for number, line in enumerate(stream):
        done += len(line)
        if number % 20_000 == 0:
            progress(done)
        yield line


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as stream:
        yield cast("IO[bytes]", stream)


def ingested_in_words(result: Ingested) -> str:
    """One line, and where to look for what was rejected."""
    line = f"{result.file}: {result.accepted:,} accepted, {result.duplicates:,} there already"
    return line + (f", {result.rejected:,} rejected: see `tsugi rejects`" if result.rejected else "")
