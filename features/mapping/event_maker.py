"""One event of a row, or of a group of rows, as the Segment spec writes it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from decisioning.condition import Condition
from features.mapping.mapping import BY_ROW, EventMapping
from features.mapping.value import Row, filled

Named = tuple[str, str]
"""The names of the mapping and of the file, which are part of ids."""


class _Maker:
    """What both kinds of makers share. Parameters: `event`; `places`, of the columns in a row; `named`, for ids."""

    def __init__(self, event: EventMapping, places: Mapping[str, int], named: Named) -> None:
        self._type = event.type
        self._said_in = "traits" if event.type in ("identify", "group") else "properties"
        self._prefix = f"{named[0]}:{event.label}:"
        self._file = named[1]
        columns = event.per if event.per and isinstance(event.identify_by, str) else event.identify_by
        self._by_row = columns == BY_ROW
        self._id_places = [] if isinstance(columns, str) else [places[name] for name in columns]
        self.wants: Callable[[Row], bool] = holding(event.when, places) if event.when else _always

    def _id(self, row: Row) -> str | None:
        """The id by columns; None where one of them is missing, or there are none."""
        cells = [row[place] for place in self._id_places]
        return self._prefix + ":".join(map(str, cells)) if cells and None not in cells else None


class EventMaker(_Maker):
    """Makes one event of one row."""

    def __init__(self, event: EventMapping, places: Mapping[str, int], named: Named) -> None:
        super().__init__(event, places, named)
        self._fields = {name: value.of_row(places) for name, value in event.fields.items()}
        self._said = {name: value.of_row(places) for name, value in event.said.items()}

    def make(self, row: Row, place: int) -> dict[str, Any]:
        """The event. Parameters: `place`, the row of the file."""
        event = filled(self._fields, row)
        event["type"] = self._type
        event[self._said_in] = filled(self._said, row)
        message_id = f"{self._prefix}{self._file}:{place}" if self._by_row else self._id(row)
        if message_id is not None:
            event["messageId"] = message_id
        return event


class GroupMaker(_Maker):
    """Makes one event of the rows of a group."""

    def __init__(self, event: EventMapping, places: Mapping[str, int], named: Named) -> None:
        super().__init__(event, places, named)
        self._fields = {name: value.of_rows(places) for name, value in event.fields.items()}
        self._said = {name: value.of_rows(places) for name, value in event.said.items()}

    def make(self, rows: Sequence[Row]) -> dict[str, Any]:
        """The event. Parameters: `rows`, at least one."""
        event = filled(self._fields, rows)
        event["type"] = self._type
        event[self._said_in] = filled(self._said, rows)
        message_id = self._id(rows[0])
        if message_id is not None:
            event["messageId"] = message_id
        return event


def _always(_: Row) -> bool:
    return True


def holding(condition: Condition, places: Mapping[str, int]) -> Callable[[Row], bool]:
    """The condition as a function of a row."""
    truth, read = condition.truth, [(name, places[name]) for name in sorted(condition.names)]
    return lambda row: truth({name: row[place] for name, place in read}) is True
