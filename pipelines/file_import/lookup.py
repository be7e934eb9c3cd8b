"""Columns of other files, found for every row: the products of a sale, the dates of a campaign."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from decisioning.errors import InvalidInputError, NotFoundError
from features.mapping.mapping import Lookup, Mapping
from features.mapping.row_mapper import Rows
from pipelines.file_import.opened import PACKED
from pipelines.file_import.table import Table, table_of

Found = dict[tuple[Any, ...], tuple[Any, ...]]


def lookup_paths(mapping: Mapping, folder: Path) -> list[Path]:
    """The files that the mapping looks into, plain or packed. Raises `NotFoundError` of one that is not there."""
    return [_path(lookup, folder) for lookup in mapping.lookups]


def looked_up(mapping: Mapping, table: Table, folder: Path) -> Table:
    """The table with the columns that are looked up behind its own, None where nothing was found."""
    if not mapping.lookups:
        return table
    found = [
        (_read(lookup, path, mapping), [_place(name, table.names, lookup) for name in lookup.on], len(lookup.take))
        for lookup, path in zip(mapping.lookups, lookup_paths(mapping, folder), strict=True)
    ]
    wide = Table((*table.names, *(name for lookup in mapping.lookups for name in lookup.take)), iter(()))
    wide.pieces = _extended(found, table, wide)
    return wide


def _extended(found: Sequence[tuple[Found, list[int], int]], table: Table, wide: Table) -> Iterator[Rows]:
    for rows in table.pieces:
        wide.share = table.share
        for number, cells in enumerate(rows.cells):
            for known, places, width in found:
                rows.cells[number] += known.get(tuple(cells[place] for place in places), (None,) * width)
        yield rows


def _path(lookup: Lookup, folder: Path) -> Path:
    for path in (folder / lookup.file, folder / (lookup.file + PACKED)):
        if path.is_file():
            return path
    raise NotFoundError(f"{lookup.file} is not beside the file; the mapping looks into it", field="lookups")


def _read(lookup: Lookup, path: Path, mapping: Mapping) -> Found:
    table = table_of(path, mapping)
    on = [_place(name, table.names, lookup) for name in lookup.on]
    take = [_place(name, table.names, lookup) for name in lookup.take]
    found: Found = {}
    for rows in table.pieces:
        for cells in rows.cells:
            key = tuple(cells[place] for place in on)
            if key in found:
                message = f"{path.name} says {', '.join(map(str, key))} twice; a lookup needs one row for each"
                raise InvalidInputError(message, code="ambiguous_lookup", field=lookup.on[0])
            found[key] = tuple(cells[place] for place in take)
    return found


def _place(name: str, names: Sequence[str], lookup: Lookup) -> int:
    if name not in names:
        message = f"the lookup into {lookup.file} needs a column {name!r}; there are {', '.join(names)}"
        raise InvalidInputError(message, code="missing_column", field=name)
    return names.index(name)
