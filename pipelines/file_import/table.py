"""Tables as pieces of rows: CSV, Parquet and JSON Lines alike, with the place of every row and what is no row."""

import csv
import io
import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import orjson

from decisioning.errors import InvalidInputError
from features.event_lines import Refused
from features.mapping.mapping import Mapping
from features.mapping.row_mapper import Rows
from features.rejection import RejectedEventError
from features.replaying import CELLS
from pipelines.file_import.lines import lines_of
from pipelines.file_import.opened import opened, plain_name

AT_ONCE = 10_000
"""Rows of a piece."""
MAX_CELL = 1 << 20
"""Characters of one cell; what is longer is a quote that was never closed."""
_END = "\0end of the file\0"
"""A last line that no file has: it is a row of its own, unless a quote is open."""


@dataclass(slots=True)
class Table:
    """A table that is being read. Parameters: `names`, of its columns; `pieces`, in order; `share`, how much was."""

    names: tuple[str, ...]
    pieces: Iterator[Rows]
    share: float = 0.0


def table_of(path: Path, mapping: Mapping) -> Table:
    """The table in a file, by its ending. Raises `InvalidInputError` where it is no table, or is not named like one."""
    read = next((read for endings, read in _READERS.items() if plain_name(path).endswith(endings)), None)
    if read is None:
        allowed = ", ".join(ending for endings in _READERS for ending in endings)
        raise InvalidInputError(f"{path.name} is no table; allowed: {allowed}, each also as .gz", field="file")
    return read(path, mapping)


def _csv(path: Path, mapping: Mapping) -> Table:
    with opened(path) as (stream, _), closing(_parsed(stream, mapping)) as rows:
        header = next(rows, None)
    if header is None or isinstance(header, Refused):
        raise InvalidInputError(f"{path.name} has no line with the names of its columns", field="file")
    table = Table(tuple(name.strip() for name in header), iter(()))
    if len(set(table.names)) < len(table.names):
        raise InvalidInputError(f"{path.name} names a column twice: {', '.join(table.names)}", field="file")
    table.pieces = _csv_pieces(path, mapping, table)
    return table


def _csv_pieces(path: Path, mapping: Mapping, table: Table) -> Iterator[Rows]:
    n_columns = len(table.names)
    with opened(path) as (stream, counted), closing(_parsed(stream, mapping)) as rows:
        next(rows)
        yield from pieces((_whole(row, n_columns) for row in rows), table, lambda: counted.share)


def _parsed(stream: Any, mapping: Mapping) -> Generator[list[str] | Refused, None, None]:
    """The rows of a CSV; what cannot be parsed is refused, and reading goes on in the next line."""
    csv.field_size_limit(MAX_CELL)
    encoding = "utf-8-sig" if mapping.encoding.lower() in ("utf-8", "utf8") else mapping.encoding
    text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
    try:
        yield from _rows(csv.reader(chain(text, (_END,)), delimiter=mapping.delimiter))
    finally:
        text.detach()


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str] | Refused]:
    while True:
        try:
            row = next(reader)
        except csv.Error as error:
            yield Refused(RejectedEventError("invalid_row", "", f"the row is no CSV: {error}"))
            continue
        if row and row[-1].endswith(_END):
            yield from _unclosed(row)
            return
        yield row


def _unclosed(last: list[str]) -> Iterator[Refused]:
    """The row within which the file ends, if it does: a quote that is never closed swallows every row after it."""
    if last != [_END]:
        row = [*last[:-1], last[-1].removesuffix(_END)]
        yield _no_row(row, "invalid_row", "a quote is never closed: the file ends within it")


def _whole(row: list[str] | Refused, n_columns: int) -> tuple[Any, ...] | Refused | None:
    """The row where it has every column; None where the line is blank."""
    if isinstance(row, Refused):
        return row
    if not row:
        return None
    if len(row) != n_columns:
        return _no_row(row, "invalid_row", f"the row has {len(row)} columns; {n_columns} are named")
    if any(map(_undecoded, row)):
        return _no_row(row, "invalid_encoding", "the row is not in the encoding that the mapping says")
    return tuple(row)


def _no_row(row: list[str], code: str, message: str) -> Refused:
    return Refused(RejectedEventError(code, "", message), orjson.dumps({CELLS: list(map(_decodable, row))}))


def _undecoded(cell: str) -> bool:
    return not cell.isascii() and any("\udc80" <= letter <= "\udcff" for letter in cell)


def _decodable(cell: str) -> str:
    return cell.encode(errors="replace").decode()


def _parquet(path: Path, mapping: Mapping) -> Table:  # noqa: ARG001 - a Parquet file says everything itself
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidInputError(
            f"{path.name} is no Parquet file: {error}", code="damaged_file", field="file"
        ) from error
    table = Table(tuple(file.schema_arrow.names), iter(()))
    n_rows = max(file.metadata.num_rows, 1)
    cells = (row for batch in file.iter_batches(AT_ONCE) for row in _cells(batch))
    done = count(1)
    table.pieces = pieces(cells, table, lambda: next(done) * AT_ONCE / n_rows)
    return table


def _cells(batch: Any) -> Iterator[tuple[Any, ...]]:
    return zip(*([_known(cell) for cell in column.to_pylist()] for column in batch.columns), strict=True)


def _known(cell: Any) -> Any:
    return None if isinstance(cell, float) and math.isnan(cell) else cell


def _json_lines(path: Path, mapping: Mapping) -> Table:
    """Objects, whose columns are those that the mapping uses; `a.b` is the member b of the object a."""
    table = Table(tuple(name for name in mapping.used if not _looked_up(name, mapping)), iter(()))
    table.pieces = _json_pieces(path, table)
    return table


def _looked_up(name: str, mapping: Mapping) -> bool:
    return any(name in lookup.take for lookup in mapping.lookups)


def _json_pieces(path: Path, table: Table) -> Iterator[Rows]:
    paths = [name.split(".") for name in table.names]
    with opened(path) as (stream, counted):
        yield from pieces((_members(line, paths) for line in lines_of(stream)), table, lambda: counted.share)


def _members(line: bytes | Refused, paths: Sequence[Sequence[str]]) -> tuple[Any, ...] | Refused | None:
    if isinstance(line, Refused):
        return line
    if not (line := line.strip()):
        return None
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Refused(RejectedEventError("invalid_json", "", f"the line is not JSON: {error}"), line)
    return tuple(_member(found, path) for path in paths)


def _member(found: Any, path: Sequence[str]) -> Any:
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def pieces(rows: Iterable[tuple[Any, ...] | Refused | None], table: Table, share: Any) -> Iterator[Rows]:
    """Rows in pieces of `AT_ONCE`, each with its place; blank ones (None) are passed over."""
    first, piece = 0, Rows(0)
    for place, row in enumerate(rows):
        _add(piece, place, row)
        if piece.n_rows >= AT_ONCE:
            table.share = share()
            yield piece
            first += piece.n_rows
            piece = Rows(first)
    table.share = 1.0
    if piece.n_rows:
        yield piece


def _add(piece: Rows, place: int, row: tuple[Any, ...] | Refused | None) -> None:
    if isinstance(row, Refused):
        piece.damaged.append((place, row))
    elif row is not None:
        piece.places.append(place)
        piece.cells.append(row)


_READERS = {
    (".csv", ".tsv", ".txt"): _csv,
    (".parquet",): _parquet,
    (".jsonl", ".ndjson", ".json"): _json_lines,
}
