"""A table of people as matching sees it: records with an id, and cleansed values by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nameparser import HumanName

from features.matching.cleansing import compared
from features.matching.kind import Kind, NothingToMatchError

PART = " · "
"""Between the column of whole names and the part of it that a field is."""

Rows = Mapping[str, Sequence[str]]
"""Columns of equal length, "" where nothing is given."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that is compared. Parameters: `name`, its column, or the part of a whole name taken from it."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class People:
    """Records to match.

    Parameters: `ids`, one per record and all different; `fields`, what is compared; `values`, by field name, cleansed
    as they are compared, "" where missing.
    """

    ids: Sequence[str]
    fields: tuple[Field, ...]
    values: Rows

    def __len__(self) -> int:
        return len(self.ids)

    def column(self, field: Field) -> Sequence[str]:
        """A field's values, one per record."""
        return self.values[field.name]

    def record(self, place: int) -> dict[str, str]:
        """One record's values by field."""
        return {field.name: self.values[field.name][place] for field in self.fields}

    def part(self, places: Sequence[int]) -> "People":
        """Some of the records."""
        values = {name: [column[place] for place in places] for name, column in self.values.items()}
        return People([self.ids[place] for place in places], self.fields, values)


class DuplicateIdError(NothingToMatchError):
    """Two records have the same id."""

    code = "duplicate_id"


def people_of(ids: Sequence[str], columns: Rows, kinds: Mapping[str, Kind]) -> People:
    """The records of a table.

    Parameters: `ids`, of the records; `columns`, their raw values; `kinds`, what the columns to compare by hold.
    Raises: `DuplicateIdError`, naming an id that occurs twice.
    """
    twice = _first_duplicate(ids)
    if twice is not None:
        raise DuplicateIdError(f"two records have the id {twice[:40]!r}: state a column of unique ids with --id")
    parts = [part for name, kind in kinds.items() for part in _parts(name, kind, set(kinds.values()))]
    values = {name: [compared(kind, text) for text in _taken(columns[source], name)] for name, kind, source in parts}
    return People(ids, tuple(Field(name, kind) for name, kind, _ in parts), values)


def _parts(name: str, kind: Kind, held: set[Kind]) -> list[tuple[str, Kind, str]]:
    """Field, kind and column; a whole name gives the parts that no column of the table gives."""
    if kind != "name":
        return [(name, kind, name)]
    wanted: tuple[Kind, ...] = ("given", "surname")
    return [(f"{name}{PART}{part}", part, name) for part in wanted if part not in held]


def _taken(column: Sequence[str], field: str) -> Sequence[str]:
    """The column, or that part of its whole names which the field is."""
    part = field.partition(PART)[2]
    if not part:
        return column
    return [_split(text)[0 if part == "given" else 1] for text in column]


@lru_cache(maxsize=262_144)
def _split(text: str) -> tuple[str, str]:
    """Given name and surname of a whole name.

    >>> _split("Dr. Juan de la Vega"), _split("kelly")
    (('Juan', 'de la Vega'), ('kelly', ''))
    """
    name = HumanName(text)
    return str(name.first), str(name.last)


def _first_duplicate(ids: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for identity in ids:
        if identity in seen:
            return identity
        seen.add(identity)
    return None
