"""From documented features and candidate actions to the one matrix that every model reads.

Columns are customer features first, in the order of the metadata, then the columns of the action table. A missing or
non-finite value is NaN, a category outside its declared list gets the list's own code for unknown: nothing a caller
sends can shift a column.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION, Action, Conversion, Treatment
from decisioning.catalog import Catalog
from decisioning.customer import FeatureValue
from decisioning.ports import Candidate

Floats = NDArray[np.float64]
"""An array of doubles; its shape is stated where it is used."""
Matrix = NDArray[np.floating[Any]]
"""Encoded rows: doubles where one customer is scored, single precision where many rows are learned from."""

ACTION_CATEGORIES = ("action", "treatment", "issue", "group", "channel")
ACTION_NUMBERS = ("value", "cost")
ACTION_COLUMNS = (*ACTION_CATEGORIES, *ACTION_NUMBERS)
"""The columns that describe a candidate, after the customer's."""
TREATMENT_COLUMNS = ("treatment", "cost")
"""Of these, what an action that is not shown does not have: a baseline model never sees them."""


@dataclass(frozen=True)
class FeatureColumn:
    """One customer feature as a model column.

    Parameters: `kind`; `categories`, the declared words of a category in the order of their codes.

    >>> segment = FeatureColumn("segment", "category", ("mass", "private"))
    >>> [segment.encode(word) for word in ("private", "royal", None)]
    [1.0, 2.0, nan]
    """

    name: str
    kind: Literal["number", "category"] = "number"
    categories: tuple[str, ...] = ()

    @cached_property
    def codes(self) -> dict[str, float]:
        """The code of each declared word."""
        return {word: float(code) for code, word in enumerate(self.categories)}

    @property
    def unknown(self) -> float:
        """The code of a word that is not declared: one past the last."""
        return float(len(self.categories))

    def encode(self, value: FeatureValue) -> float:
        """The value as a double: NaN where missing, not finite, or of the wrong type."""
        if value is None:
            return math.nan
        if self.kind == "category":
            return self.codes.get(str(value), self.unknown)
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else math.nan


@dataclass(frozen=True)
class FeatureEncoder:
    """The customer's part of the matrix.

    Parameters: `columns`, in the order the models were trained with.
    """

    columns: tuple[FeatureColumn, ...]

    def row(self, features: Mapping[str, FeatureValue]) -> Floats:
        """One customer, shape (n_features,): by name, so order and extra features are irrelevant.

        >>> FeatureEncoder((FeatureColumn("age"), FeatureColumn("income"))).row({"income": 9.0, "extra": 1.0})
        array([nan,  9.])
        """
        values = list(map(features.get, self._names))
        for place, column in self._categories:
            values[place] = column.encode(values[place])
        if str in set(map(type, values)):  # a word where a number is due
            values = [math.nan if isinstance(value, str) else value for value in values]
        row = np.array(values, dtype=np.float64)
        row[~np.isfinite(row)] = math.nan
        return row

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @cached_property
    def _categories(self) -> tuple[tuple[int, FeatureColumn], ...]:
        return tuple((place, column) for place, column in enumerate(self.columns) if column.kind == "category")

    def matrix(self, features: Mapping[str, Iterable[Any]], *, n_rows: int) -> Floats:
        """Many customers, shape (n_rows, n_features), from columns by name; an absent column is all NaN."""
        out = np.full((n_rows, len(self.columns)), np.nan)
        self.fill(out, features)
        return out

    def fill(self, out: Matrix, features: Mapping[str, Iterable[Any]], rows: NDArray[np.int64] | None = None) -> None:
        """Write encoded columns by name into the first columns of `out`, of some `rows` or of all.

        An absent column is left as it is.
        """
        for position, column in enumerate(self.columns):
            if column.name in features:
                known = features[column.name]
                some = known if rows is None else np.asarray(known)[rows]
                out[:, position] = _encode_column(column, some)


def _encode_column(column: FeatureColumn, values: Iterable[Any]) -> Floats:
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiu" and column.kind == "number":
        numbers = values.astype(np.float64)
        numbers[~np.isfinite(numbers)] = np.nan
        return numbers
    codes = _Codes(column)
    told = values.tolist() if isinstance(values, np.ndarray) else values
    return np.array([codes[value] for value in told], dtype=np.float64)


class _Codes(dict[Any, float]):
    """What each value is encoded as, looked up once per value."""

    def __init__(self, column: FeatureColumn) -> None:
        self._column = column

    def __missing__(self, value: Any) -> float:
        code = self[value] = self._column.encode(None if value != value else value)
        return code


@dataclass(frozen=True)
class ActionEntry:
    """One action in one treatment, as the bundle knows it.

    Parameters: `has_conversion` says whether the action's success is also seen where it was not shown;
    `starting_propensity` and `starting_evidence` as in the catalogue.
    """

    action: str
    treatment: str
    issue: str
    group: str
    channel: str
    value: float
    cost: float
    has_conversion: bool
    starting_propensity: float
    starting_evidence: float

    @classmethod
    def of(cls, candidate: Candidate) -> "ActionEntry":
        """The entry of a candidate of the catalogue."""
        action, treatment = candidate.action, candidate.treatment
        return cls(
            action=action.name,
            treatment=treatment.name,
            issue=action.issue,
            group=action.group,
            channel=treatment.channel,
            value=action.value,
            cost=treatment.cost,
            has_conversion=action.conversion is not None,
            starting_propensity=action.starting_propensity,
            starting_evidence=action.starting_evidence,
        )

    def candidate(self) -> Candidate:
        """A candidate that encodes to this entry, for scoring without the catalogue at hand."""
        treatment = Treatment(self.treatment, self.channel, cost=self.cost)
        action = Action(
            name=self.action,
            issue=self.issue,
            group=self.group,
            treatments=(treatment,),
            value=self.value,
            starting_propensity=self.starting_propensity,
            starting_evidence=self.starting_evidence,
            conversion=Conversion("") if self.has_conversion else None,
        )
        return Candidate(action, treatment)

    @property
    def words(self) -> tuple[str, ...]:
        """The entry's categories, in the order of `ACTION_CATEGORIES`; a treatment is named within its action."""
        return (self.action, f"{self.action}/{self.treatment}", self.issue, self.group, self.channel)


@dataclass(frozen=True)
class ActionTable:
    """The candidates' part of the matrix: their static columns, encoded once.

    Parameters: `entries`, every action × treatment known at training.
    """

    entries: tuple[ActionEntry, ...]

    @classmethod
    def of(cls, catalog: Catalog) -> "ActionTable":
        """The table of a catalogue, in its order; `no_action` has no row: it needs no score."""
        actions = [action for action in catalog.actions.values() if action.name != NO_ACTION]
        return cls(tuple(ActionEntry.of(Candidate(action, item)) for action in actions for item in action.treatments))

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """The actions by name, each once, in order."""
        return tuple(dict.fromkeys(entry.action for entry in self.entries))

    @cached_property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """The table's columns, with the words of each category."""
        words = zip(*(entry.words for entry in self.entries), strict=True) if self.entries else ((),) * 5
        named = zip(ACTION_CATEGORIES, words, strict=True)
        categories = [FeatureColumn(name, "category", tuple(dict.fromkeys(known))) for name, known in named]
        return (*categories, *(FeatureColumn(name) for name in ACTION_NUMBERS))

    def encode(self, entry: ActionEntry) -> Floats:
        """One entry, shape (n_action_columns,); what the table does not know gets each column's unknown."""
        values: tuple[FeatureValue, ...] = (*entry.words, entry.value, entry.cost)
        return np.array([column.encode(value) for column, value in zip(self.columns, values, strict=True)])

    @cached_property
    def matrix(self) -> Floats:
        """Every entry, shape (n_entries, n_action_columns)."""
        return self.encode_all(self.entries)

    def encode_all(self, entries: Iterable[ActionEntry]) -> Floats:
        """Any entries, known or not, shape (n, n_action_columns)."""
        return np.array([self.encode(entry) for entry in entries]).reshape(-1, len(ACTION_COLUMNS))

    def position(self, action: str, channel: str) -> int | None:
        """The first entry of an action in a channel; None where there is none."""
        return self._positions.get((action, channel))

    @cached_property
    def _positions(self) -> dict[tuple[str, str], int]:
        backwards = reversed(list(enumerate(self.entries)))
        return {(entry.action, entry.channel): position for position, entry in backwards}


@dataclass(frozen=True)
class Layout:
    """The columns of the whole matrix, by position.

    Parameters: `features` of the customer; `actions`, the table.
    """

    features: FeatureEncoder
    actions: ActionTable

    @cached_property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """Every column in order, customer first; an action column is named `action.<column>`."""
        renamed = (FeatureColumn(f"action.{c.name}", c.kind, c.categories) for c in self.actions.columns)
        return (*self.features.columns, *renamed)

    @property
    def categorical(self) -> list[int]:
        """Positions of the categories."""
        return [position for position, column in enumerate(self.columns) if column.kind == "category"]

    def position(self, name: str) -> int:
        """Where a column of the action table stands, by its short name."""
        return len(self.features.columns) + ACTION_COLUMNS.index(name)

    def rows(self, customers: Floats, entries: NDArray[np.int64]) -> Floats:
        """Pairs of encoded customers (n, n_features) and table entries (n,), shape (n, n_columns)."""
        return np.ascontiguousarray(np.hstack([customers, self.actions.matrix[entries]]))

    def pairs(
        self, features: Mapping[str, Iterable[Any]], rows: NDArray[np.int64], entries: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """The same of customers still to be encoded, in single precision: `rows` (n,) of columns by name."""
        out = np.full((len(rows), len(self.columns)), np.nan, dtype=np.float32)
        self.features.fill(out, features, rows)
        out[:, len(self.features.columns) :] = self.actions.matrix[entries]
        return out
