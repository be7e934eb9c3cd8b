"""Rows into events: a mapping compiled against the columns of one file."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from decisioning.errors import InvalidInputError
from features.event_lines import Refused
from features.mapping.column import Column, Reader
from features.mapping.event_maker import EventMaker, GroupMaker, holding
from features.mapping.mapping import Mapping
from features.mapping.value import Row
from features.rejection import RejectedEventError

Check = Callable[[Dict[str, list[Any]]], Dict[int, RejectedEventError]]
"""Checks a table, given as columns; the refused rows by their place."""
ROWS, READ, WITHOUT_EVENT, REFUSED = "rows", "read", "without_event", "refused"
"""What is counted of rows besides the rules by which they are left out, which are counted as `skipped:<rule>`."""
SKIPPED = "skipped:"


@dataclass(frozen=True, slots=True)
class Rows:
    """A piece of a table as it was read.

    Parameters: `first`, how many rows were read before; `places`, the row of the file each is, from 0; `cells`, one
    tuple a row; `damaged`, what is no row, each with its place.
    """

    first: int
    places: list[int] = field(default_factory=list)
    cells: list[Row] = field(default_factory=list)
    damaged: list[tuple[int, Refused]] = field(default_factory=list)

    @property
    def n_rows(self) -> int:
        """How many rows it has, with those that are none."""
        return len(self.cells) + len(self.damaged)


@dataclass(slots=True)
class MappedRows:
    """What a piece of a table became: events and refusals, the row (within the piece) of each, and how many rows."""

    items: list[Dict[str, Any] | Refused] = field(default_factory=list)
    of_row: list[int] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)

    def add(self, item: Dict[str, Any] | Refused, row: int) -> None:
        """Note an event or a refusal of a row."""
        self.items.append(item)
        self.of_row.append(row)


class RowMapper:
    """A mapping for files with these columns.

    Parameters: `names`, of the columns of the file and of what is looked up, in the order of the cells; `file`, its
    name, which is part of ids by row; `check`, of the table. Raises `InvalidInputError` where a column is missing.
    """

    def __init__(self, mapping: Mapping, names: Sequence[str], *, file: str, check: Check | None = None) -> None:
        self.mapping = mapping
        self.names = tuple(names)
        self._used = mapping.used
        self._from = [_place_of(name, self.names, mapping) for name in self._used]
        self._readers = [Reader(mapping.columns.get(name, Column(name))) for name in self._used]
        self._check = check
        places = {name: place for place, name in enumerate(self._used)}
        self._skips = [(SKIPPED + skip.rule, holding(skip.when, places)) for skip in mapping.skips]
        makers = [(event, (mapping.name, file)) for event in mapping.events]
        self._of_row = [EventMaker(event, places, named) for event, named in makers if not event.per]
        self._of_group = [GroupMaker(event, places, named) for event, named in makers if event.per]
        self._per = [places[name] for name in mapping.per]

    def map(self, rows: Rows) -> MappedRows:
        """The events of a piece of the table; pieces never part the rows of a group."""
        mapped = MappedRows()
        taken = list(self._taken(rows, mapped))
        for row, cells in taken:
            made = [maker.make(cells, rows.places[row]) for maker in self._of_row if maker.wants(cells)]
            for event in made:
                mapped.add(event, row)
            mapped.tally[READ if made or self._of_group else WITHOUT_EVENT] += 1
        if self._of_group:
            self._add_groups(taken, mapped)
        for number, (_, refused) in enumerate(rows.damaged):
            mapped.add(refused, len(rows.cells) + number)
        mapped.tally[ROWS] += rows.n_rows
        mapped.tally.update({REFUSED: len(rows.damaged)} if rows.damaged else {})
        return mapped

    def _taken(self, rows: Rows, mapped: MappedRows) -> Iterator[tuple[int, Row]]:
        """The rows to make events of, converted; what is left out or refused is noted."""
        converted, refused = self._converted(rows.cells)
        for row, cells in enumerate(converted):
            rule = next((rule for rule, holds in self._skips if holds(cells)), None)
            if rule is not None:
                mapped.tally[rule] += 1
            elif row in refused:
                mapped.tally[REFUSED] += 1
                mapped.add(Refused(refused[row]), row)
            else:
                yield row, cells

    def _converted(self, cells: Sequence[Row]) -> tuple[Sequence[Row], dict[int, RejectedEventError]]:
        refused: dict[int, RejectedEventError] = {}
        if not cells or not self._used:
            return [() for _ in cells], refused
        columns = list(zip(*cells, strict=True))
        read = [reader.read(columns[at], refused) for reader, at in zip(self._readers, self._from, strict=True)]
        if self._check is not None:
            refused = {**self._check(dict(zip(self._used, read, strict=True))), **refused}
        return list(zip(*read, strict=True)), refused

    def _add_groups(self, taken: Sequence[tuple[int, Row]], mapped: MappedRows) -> None:
        for _, group in groupby(taken, key=lambda pair: [pair[1][place] for place in self._per]):
            pairs = list(group)
            cells = [each for _, each in pairs]
            for maker in self._of_group:
                if wanted := [each for each in cells if maker.wants(each)]:
                    mapped.add(maker.make(wanted), pairs[0][0])


def _place_of(name: str, names: Sequence[str], mapping: Mapping) -> int:
    if name not in names:
        message = f"mapping {mapping.name!r}: the file has no column {name!r}; it has {', '.join(names)}"
        raise InvalidInputError(message, code="missing_column", field=name)
    return names.index(name)
