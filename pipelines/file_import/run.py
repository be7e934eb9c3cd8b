"""Reads one file into the ledger: from where an earlier run was interrupted, noting what became of every row."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from features.event_lines import RawEvent
from features.imports import FileOrigin, ImportBook, ImportedFile, Piece
from features.lines_ahead import NOBODY, Ahead
from features.mapping.mapping import Mapping
from features.mapping.row_mapper import ROWS, MappedRows, RowMapper, Rows
from features.receipt import Arrival
from features.replaying import ROW
from pipelines.composition import Composition
from pipelines.file_import.lines import lines_of
from pipelines.file_import.lookup import looked_up, lookup_paths
from pipelines.file_import.opened import opened, plain_name
from pipelines.file_import.sorted_table import sorted_by
from pipelines.file_import.table import AT_ONCE, Table, table_of
from pipelines.file_import.table_check import check_of

Progress = Callable[[float], object]
"""Is told how much of the file was read, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class FileToImport:
    """A file and how it is meant.

    Parameters: `mapping`, None of JSON Lines of events; `source`, whose they are; `backfill`, they are history,
    known at their own time.
    """

    path: Path
    source: str
    mapping: Mapping | None = None
    backfill: bool = True

    @property
    def fingerprint(self) -> str:
        """A hash of the content of every file that is read, and of whatever decides what is made of it."""
        mapping = self.mapping
        digest = hashlib.blake2b(f"{self.source}|{self.backfill}".encode(), digest_size=16)
        digest.update((mapping.name + mapping.fingerprint).encode() if mapping else b"")
        for path in (self.path, *(lookup_paths(mapping, self.path.parent) if mapping else ())):
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Reading:
    """One run over a file.

    Parameters: `at`, now; `progress`, which is told of it; `ahead`, who reads lines meanwhile; `again`, read a finished
    file anew, without its earlier rejects.
    """

    at: datetime
    progress: Progress
    ahead: Ahead = NOBODY
    again: bool = False


def import_file(composition: Composition, file: FileToImport, reading: Reading) -> ImportedFile:
    """Read what is not read yet; what was finished before comes back as it was noted then.

    Raises a `TsugiError` where the file cannot be read.
    """
    book = ImportBook(composition.ledger)
    fingerprint, name = file.fingerprint, plain_name(file.path)
    mapping = file.mapping.name if file.mapping else ""
    imported = book.find(fingerprint) or ImportedFile(fingerprint, name, file.source, mapping)
    if imported.finished and not reading.again:
        return imported
    if imported.finished:
        book.forget(imported)
        imported = replace(imported, done=0, ahead=0, finished=False, tally={})
    origin = FileOrigin(imported, at=reading.at)
    arrival = Arrival(reading.at, source=file.source, backfill=file.backfill, origin=origin)
    composition.intake.load(_elements(composition, file, origin, reading.progress), arrival, reading.ahead)
    return book.finish(origin.settle(), at=reading.at)


def _elements(
    composition: Composition, file: FileToImport, origin: FileOrigin, progress: Progress
) -> Iterator[RawEvent]:
    """Every event and refusal that is not kept yet, each piece announced to its origin before it."""
    read = _mapped(file.path, file.mapping, composition.home.path) if file.mapping else _lines(file.path)
    for share, piece, items in read(origin.imported.done):
        progress(share)
        ahead = origin.add(piece)
        yield from items[ahead:]
    progress(1.0)


Read = Callable[[int], Iterator[tuple[float, Piece, list[Any]]]]


def _lines(path: Path) -> Read:
    """The lines of a file of events, after those that are read already."""

    def read(done: int) -> Iterator[tuple[float, Piece, list[Any]]]:
        with opened(path) as (stream, counted):
            every = lines_of(stream)
            end = sum(1 for _ in islice(every, done))
            while lines := list(islice(every, AT_ONCE)):
                numbered = [
                    (end + number, line)
                    for number, line in enumerate(lines)
                    if not (isinstance(line, bytes) and line.isspace())
                ]
                end += len(lines)
                piece = Piece([place for place, _ in numbered], end, {ROWS: len(numbered)})
                yield counted.share, piece, [line for _, line in numbered]

    return read


def _mapped(path: Path, mapping: Mapping, folder: Path) -> Read:
    """What the mapping makes of a table, after the rows that are read already."""

    def read(done: int) -> Iterator[tuple[float, Piece, list[Any]]]:
        table, mapper = _compiled(path, mapping, folder)
        for rows in table.pieces:
            if rows.first + rows.n_rows > done:
                mapped = mapper.map(rows)
                yield table.share, _piece(rows, mapped, mapper), mapped.items

    return read


def _compiled(path: Path, mapping: Mapping, folder: Path) -> tuple[Table, RowMapper]:
    table = table_of(path, mapping)
    if mapping.per:
        table = sorted_by(mapping.per, table, folder)
    table = looked_up(mapping, table, path.parent)
    return table, RowMapper(mapping, table.names, file=plain_name(path), check=check_of(mapping.checks))


def _piece(rows: Rows, mapped: MappedRows, mapper: RowMapper) -> Piece:
    places = [*rows.places, *(place for place, _ in rows.damaged)]

    def raw(element: int) -> bytes:
        """The row as it was read; of a group, the event; of what is no row, its text."""
        row, item = mapped.of_row[element], mapped.items[element]
        if row >= len(rows.cells):
            return rows.damaged[row - len(rows.cells)][1].line
        if mapper.mapping.per and isinstance(item, dict):
            return orjson.dumps(item, default=str)
        return orjson.dumps({ROW: dict(zip(mapper.names, rows.cells[row], strict=True))}, default=str)

    return Piece([places[row] for row in mapped.of_row], rows.first + rows.n_rows, dict(mapped.tally), raw)
