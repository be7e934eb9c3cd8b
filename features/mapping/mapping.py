"""A mapping: which files it reads, which rows it leaves out and why, and which events it makes of the others."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from decisioning.condition import Condition
from features.contract.rule import FieldRule
from features.mapping.column import Column
from features.mapping.value import Value

BY_CONTENT, BY_ROW = "content", "row"
"""How an event gets its id where no columns are named: by what it says, or by where it stands in its file."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Rows that are left out on purpose: the name of the rule, and when it holds."""

    rule: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Lookup:
    """Columns of another file of the same folder, found by columns that both have; the other file is kept in memory."""

    file: str
    on: tuple[str, ...]
    take: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventMapping:
    """One event of a row, or of the rows that agree in the columns `per`.

    Parameters: `label`, which tells the events of one row apart in their ids; `identify_by`, the columns that make the
    id, or `BY_CONTENT`, or `BY_ROW`; `fields`, of the event itself; `said`, its properties or traits.
    """

    type: str
    label: str
    fields: Dict[str, Value]
    said: Dict[str, Value]
    identify_by: tuple[str, ...] | str = BY_CONTENT
    when: Condition | None = None
    per: tuple[str, ...] = ()

    @property
    def columns(self) -> set[str]:
        """Every column it reads."""
        named = {name for value in (*self.fields.values(), *self.said.values()) for name in value.columns}
        ids = () if isinstance(self.identify_by, str) else self.identify_by
        return named | set(self.per) | set(ids) | (self.when.names if self.when else frozenset())


@dataclass(frozen=True, slots=True)
class Mapping:
    """One mapping of `mappings.yaml`.

    Parameters: `files`, patterns of file names; `source`, as named in `tsugi.toml`; `columns`, by name, those that are
    not plain text; `checks`, what tables must hold, by column; `per`, what rows are grouped by; `delimiter` and
    `encoding`, of text files; `fingerprint` changes with every change of its declaration.
    """

    name: str
    source: str
    files: tuple[str, ...] = ()
    columns: Dict[str, Column] = field(default_factory=dict)
    checks: Dict[str, FieldRule] = field(default_factory=dict)
    lookups: tuple[Lookup, ...] = ()
    skips: tuple[Skip, ...] = ()
    events: tuple[EventMapping, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    fingerprint: str = ""

    @property
    def per(self) -> tuple[str, ...]:
        """The columns that rows are grouped by; () where every event is of one row."""
        return next((event.per for event in self.events if event.per), ())

    @property
    def used(self) -> tuple[str, ...]:
        """Every column that is read, sorted."""
        named = {name for event in self.events for name in event.columns} | self.columns.keys() | self.checks.keys()
        keys = {name for lookup in self.lookups for name in lookup.on}
        return tuple(sorted(named | keys | {name for skip in self.skips for name in skip.when.names}))

    def reads(self, file_name: str) -> bool:
        """Whether a file of this name is one of its files.

        >>> Mapping("sales", "shop", files=("sales-*.csv",)).reads("sales-2026.csv")
        True
        """
        return any(fnmatchcase(file_name, pattern) for pattern in self.files)
