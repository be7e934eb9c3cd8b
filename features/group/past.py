"""The groups of customers as they were known at moments of the past, read from the history of what members told."""

from bisect import bisect_right
from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.group.circle import MOST, TYPE, Circle, Circles, Other, by_kind
from features.group.history_part import FOLDER, NOTHING, SCHEMA
from features.group.telling import Telling


class _Line(NamedTuple):
    """What one customer told, moment by moment."""

    moments: list[int]
    told: list[Telling]

    def at(self, at_us: int) -> Telling:
        place = bisect_right(self.moments, at_us)
        return self.told[place - 1] if place else NOTHING


class _Known(NamedTuple):
    """A group at a moment. Parameters: `members`, the first few more than are looked at."""

    traits: dict[str, Any]
    members: tuple[Other, ...]


class _Group:
    """One group, by the customers who ever told of it; between two of their moments nothing of it changes."""

    def __init__(self, name: str, lines: dict[str, _Line]) -> None:
        self._name = name
        self._lines = sorted(lines.items())
        self._kept: dict[int, _Known] = {}

    @cached_property
    def _changes(self) -> list[int]:
        return sorted({moment for _, line in self._lines for moment in line.moments})

    def at(self, at_us: int) -> _Known:
        segment = bisect_right(self._changes, at_us)
        if segment not in self._kept:
            self._kept[segment] = _Known(self._traits(at_us), tuple(islice(self._members(at_us), MOST + 1)))
        return self._kept[segment]

    def _members(self, at_us: int) -> Iterator[Other]:
        for customer_id, line in self._lines:
            told = line.at(at_us)
            if _is_member(told, self._name):
                yield Other(customer_id, told.said)

    def _traits(self, at_us: int) -> dict[str, Any]:
        told = [line.at(at_us).traits.get(self._name, {}) for _, line in self._lines]
        newest = [(at, by, name, value) for each in told for name, (at, by, value) in each.items()]
        return {name: value for _, _, name, value in sorted(newest, key=itemgetter(0, 1, 2))}


class GroupPast:
    """What was known of groups. Parameters: `lines`, of every customer who ever told of one of them."""

    def __init__(self, lines: dict[str, _Line]) -> None:
        self._lines = lines
        told: dict[str, dict[str, _Line]] = {}
        for customer_id, line in lines.items():
            for group in {group for each in line.told for group in (*each.calls, *each.traits)}:
                told.setdefault(group, {})[customer_id] = line
        self._groups = {name: _Group(name, by_customer) for name, by_customer in told.items()}

    @classmethod
    def read(cls, history: Path, customers: Collection[str]) -> Self:
        """That of some customers and of everybody who ever told of one of their groups."""
        files = sorted((history / FOLDER).glob("*.parquet"))
        table = pa.concat_tables([SCHEMA.empty_table(), *(pq.read_table(each, partitioning=None) for each in files)])
        theirs = table.filter(pc.is_in(table.column("customer_id"), value_set=pa.array(sorted(customers), pa.string())))
        groups = pc.unique(pc.list_flatten(theirs.column("groups")))
        return cls(_lines(table.filter(_of_anybody_in(table, groups))))

    def circles(self, customer_id: str, at_us: int, kinds: Collection[str]) -> Circles:
        """As `features.group.reader.GroupReader.circles`, at a moment, in microseconds."""
        line = self._lines.get(customer_id)
        told = line.at(at_us) if line else NOTHING
        known = {group: self._groups[group].at(at_us) for group in told.calls if _is_member(told, group)}
        chosen = by_kind((told.calls[group][:2], group, each.traits.get(TYPE)) for group, each in known.items())
        return {
            kind: Circle(group, _others(known[group].members, customer_id), known[group].traits)
            for kind, group in sorted(chosen.items())
            if kind in kinds
        }


def _others(members: tuple[Other, ...], customer_id: str) -> tuple[Other, ...]:
    return tuple(other for other in members if other.customer_id != customer_id)[:MOST]


def _is_member(told: Telling, group: str) -> bool:
    return group in told.calls and told.calls[group][2]


def _of_anybody_in(table: pa.Table, groups: pa.Array) -> pa.Array:
    """The rows of every customer who ever told of one of some groups."""
    names = table.column("groups").combine_chunks()
    told = pc.is_in(pc.list_flatten(names), value_set=groups)
    rows = pc.unique(pc.list_parent_indices(names).filter(told))
    return pc.is_in(table.column("customer_id"), value_set=pc.unique(table.column("customer_id").take(rows)))


def _lines(table: pa.Table) -> dict[str, _Line]:
    """By customer; of rows of one moment the one created last counts."""
    keys = [(name, "ascending") for name in ("customer_id", "event_timestamp", "created_timestamp")]
    ordered = table.sort_by(keys)
    told = map(orjson.loads, ordered.column("told").to_pylist())
    times = ordered.column("event_timestamp").cast(pa.int64()).to_pylist()
    lines: dict[str, dict[int, Telling]] = {}
    for customer_id, at_us, each in zip(ordered.column("customer_id").to_pylist(), times, told, strict=True):
        lines.setdefault(customer_id, {})[at_us] = Telling._make(each)
    return {customer_id: _Line(list(line), list(line.values())) for customer_id, line in lines.items()}
