"""Values of a mapped event: a column, a constant, words around columns, a product; of many rows a sum, a count, a list.

Each is compiled against the columns of a file into one function of a row (a tuple) or of the rows of a group.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol

Row = tuple[Any, ...]
Get = Callable[[Row], Any]
GetOfRows = Callable[[Sequence[Row]], Any]
Places = Mapping[str, int]
"""Where each column stands in a row."""


class Value(Protocol):
    """What a field of an event is filled with."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        ...

    def of_row(self, places: Places) -> Get:
        """The function of one row."""
        ...

    def of_rows(self, places: Places) -> GetOfRows:
        """The function of the rows of a group."""
        ...


class _OfFirstRow(ABC):
    """A value of one row; of a group, that of its first row."""

    @abstractmethod
    def of_row(self, places: Places) -> Get: ...

    def of_rows(self, places: Places) -> GetOfRows:
        get = self.of_row(places)
        return lambda rows: get(rows[0])


@dataclass(frozen=True, slots=True)
class Constant(_OfFirstRow):
    """The same for every row."""

    value: Any
    columns: tuple[str, ...] = ()

    def of_row(self, places: Places) -> Get:  # noqa: ARG002 - a constant reads no column
        """Give the constant."""
        value = self.value
        return lambda _: value


@dataclass(frozen=True, slots=True)
class OfColumn(_OfFirstRow):
    """What a column holds."""

    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The one column."""
        return (self.name,)

    def of_row(self, places: Places) -> Get:
        """Give the cell."""
        place = places[self.name]
        return lambda row: row[place]


@dataclass(frozen=True, slots=True)
class Words(_OfFirstRow):
    """Words around columns, such as `household-{household_id}`; nothing where one of them is missing."""

    pattern: str
    columns: tuple[str, ...]

    def of_row(self, places: Places) -> Get:
        """Fill the columns in."""
        pattern, read = self.pattern, [(name, places[name]) for name in self.columns]

        def fill(row: Row) -> str | None:
            cells = {name: row[place] for name, place in read}
            return None if None in cells.values() else pattern.format_map(cells)

        return fill


@dataclass(frozen=True, slots=True)
class Product(_OfFirstRow):
    """The product of numbers, such as quantity and price; nothing where one of them is missing."""

    columns: tuple[str, ...]

    def of_row(self, places: Places) -> Get:
        """Multiply."""
        read = [places[name] for name in self.columns]

        def multiply(row: Row) -> float | None:
            cells = [row[place] for place in read]
            return None if None in cells else prod(cells)

        return multiply


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum over the rows of a group, without those that say nothing; rounded to a millionth, as money is."""

    inner: Value

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of what is summed."""
        return self.inner.columns

    def of_row(self, places: Places) -> Get:
        """Give the row's own share."""
        return self.inner.of_row(places)

    def of_rows(self, places: Places) -> GetOfRows:
        """Add up."""
        get = self.inner.of_row(places)
        return lambda rows: round(sum(cell for cell in map(get, rows) if cell is not None), 6)


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a group has."""

    columns: tuple[str, ...] = ()

    def of_row(self, places: Places) -> Get:  # noqa: ARG002 - counting reads no column
        """Give one."""
        return lambda _: 1

    def of_rows(self, places: Places) -> GetOfRows:  # noqa: ARG002 - as above
        """Count."""
        return len


@dataclass(frozen=True, slots=True)
class Listing:
    """One object a row of a group, such as the products of an order. Parameters: `limit`, at most so many."""

    items: Mapping[str, Value]
    limit: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of its items."""
        return tuple(name for value in self.items.values() for name in value.columns)

    def of_row(self, places: Places) -> Get:
        """Give the list of the one object."""
        of_rows = self.of_rows(places)
        return lambda row: of_rows((row,))

    def of_rows(self, places: Places) -> GetOfRows:
        """List the objects, each without what is missing."""
        read, limit = {name: value.of_row(places) for name, value in self.items.items()}, self.limit
        return lambda rows: [filled(read, row) for row in rows[:limit]]


def filled(read: Mapping[str, Callable[[Any], Any]], given: Any) -> dict[str, Any]:
    """The object of what is known: fields that say nothing are left out."""
    cells = {name: get(given) for name, get in read.items()}
    return {name: cell for name, cell in cells.items() if cell is not None} if None in cells.values() else cells
