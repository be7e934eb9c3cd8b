"""A table to learn from: which column says what, how its columns become a matrix, and what was left out and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from decisioning.errors import ArtifactError, InvalidInputError, shortened
from training.encoding import FeatureColumn, FeatureEncoder, Floats
from training.tabular.cells import Kind, days, kind_of, numbers, with_comma, words
from training.tabular.unread import unread

MOST_CATEGORIES = 50
"""Words that a column keeps, the most frequent ones; the others are read as one unknown word."""
FEWEST_OF_A_WORD = 5
"""Rows that a word needs to be kept."""
NOTHING = "(missing)"
"""The word for a missing category."""
PARTS = ("days", "month", "weekday")
"""What a date becomes."""
Say = Callable[[str], None]


class TableError(InvalidInputError):
    """A table, or what is said of it, cannot be used."""

    code = "invalid_table"


class NoFeaturesError(TableError):
    """No column of a table is left to learn from."""

    code = "no_features"


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns are for.

    Parameters: `label`; `time` of each row; `ids`, never looked at; `drop`, to be left out; `keep`, to be used whatever
    the leak checks say; `ordered`, whether the rows stand in order of time.
    """

    label: str
    time: str | None = None
    ids: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    ordered: bool = False

    @property
    def in_time(self) -> bool:
        """Whether the rows have an order in time."""
        return self.ordered or self.time is not None

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """Every column that is named, with the option that names it."""
        many = [(name, option) for option in ("ids", "drop", "keep") for name in getattr(self, option)]
        return (("label", self.label), *([("time", self.time)] if self.time else []), *((o, n) for n, o in many))

    def check(self, frame: pd.DataFrame) -> None:
        """Raise `TableError` where a column that is named is not there, or the label is named for something else."""
        for option, name in self.named:
            if name not in frame.columns:
                listed = ", ".join(map(str, frame.columns))
                raise TableError(f"no column {name!r}; the table has: {listed}", code="unknown_column", field=option)
        other = next((option for option, name in self.named[1:] if name == self.label), None)
        if other is not None:
            raise TableError(f"the column {self.label!r} is the label: it cannot be --{other} too", field=other)

    @property
    def aside(self) -> frozenset[str]:
        """Columns that are no features."""
        return frozenset({self.label, *self.ids, *self.drop, *([self.time] if self.time else [])})


@dataclass(frozen=True)
class Plan:
    """How the table's columns become the columns of a matrix.

    Parameters: `kinds` and `categories` by the table's column, in order; `time`, the column of dates that the others
    are counted back from.
    """

    kinds: Mapping[str, Kind]
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    time: str | None = None

    @property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """The columns of the matrix."""
        return tuple(column for name, kind in self.kinds.items() for column in self._of(name, kind))

    @property
    def sources(self) -> tuple[str, ...]:
        """The table's column that each column of the matrix is made of: a date's name stands for all of its parts."""
        return tuple(name for name, kind in self.kinds.items() for _ in self._of(name, kind))

    def _of(self, name: str, kind: Kind) -> Sequence[FeatureColumn]:
        if kind == "date":
            return [FeatureColumn(f"{name} ({part})") for part in PARTS]
        return [FeatureColumn(name, kind, self.categories.get(name, ()))]

    @property
    def dated_by(self) -> str | None:
        """The column that some date is counted back from; None where there is none."""
        return self.time if "date" in self.kinds.values() else None

    def matrix(self, frame: pd.DataFrame, *, say: Say = lambda _: None) -> Floats:
        """The matrix (n, n_columns) of a table.

        Parameters: `say`, who is told of a few cells that cannot be read and count as missing, and of a column that
        says nothing the model knows.
        Raises `TableError` where a column is not there, or more of its cells than a few cannot be read.
        """
        needed = [*self.kinds, *([self.dated_by] if self.dated_by else [])]
        missing = [name for name in needed if name not in frame.columns]
        if missing:
            raise TableError(f"the table lacks columns of the model: {', '.join(missing)}", code="unknown_column")
        now = _read(frame[self.dated_by], "date", say) if self.dated_by else None
        matrix, end = np.empty((len(frame), len(self.columns))), 0
        for name in self.kinds:
            part = self._part(frame[name], now, say)
            start, end = end, end + part.shape[1]
            matrix[:, start:end] = part
        return matrix

    def _part(self, cells: pd.Series, now: Floats | None, say: Say) -> Floats:
        """What one column becomes: a part of a date may be called as another column is."""
        encoder = FeatureEncoder(tuple(self._of(str(cells.name), self.kinds[str(cells.name)])))
        return encoder.matrix(self._values(cells, now, say), n_rows=len(cells))

    def _values(self, cells: pd.Series, now: Floats | None, say: Say) -> Mapping[str, Any]:
        name, kind = str(cells.name), self.kinds[str(cells.name)]
        if kind == "category":
            said = words(cells)
            _tell_unknown(said, self.categories.get(name, ()), say)
            return {name: said.fillna(NOTHING).tolist()}
        read = _read(cells, kind, say)
        if len(read) and not np.isfinite(read).any():
            say(f"column {name!r} is empty in every row")
        return {name: read} if kind == "number" else _date(name, read, now)

    def to_json(self) -> dict[str, Any]:
        """Kinds and categories, in order."""
        listed = [{"name": n, "kind": k, "categories": list(self.categories.get(n, ()))} for n, k in self.kinds.items()]
        return {"columns": listed, "time": self.time}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Plan":
        """The plan again; raises `ArtifactError` where a column is not described."""
        try:
            kinds = {each["name"]: each["kind"] for each in given["columns"]}
            categories = {e["name"]: tuple(e["categories"]) for e in given["columns"] if e["categories"]}
            return cls(kinds, categories, given["time"])
        except (KeyError, TypeError) as problem:
            raise ArtifactError(f"bundle.json: does not say how columns are read: {problem!r}") from problem


def _read(cells: pd.Series, kind: Kind, say: Say) -> Floats:
    values = numbers(cells) if kind == "number" else days(cells)
    lost = unread(cells, values, kind)
    if lost and lost.many:
        raise TableError(f"{lost}; the model was fitted on {kind}s", code="unreadable_cells", field=lost.column)
    if lost:
        say(f"{lost}; they count as missing")
    return values


def _tell_unknown(said: pd.Series, known: Sequence[str], say: Say) -> None:
    """Tell of a column of words (None where missing) of which the model knows none."""
    told = said.dropna().astype(str)
    if len(said) and told.empty:
        say(f"column {str(said.name)!r} is empty in every row")
    elif len(said) and not told.isin(list(known)).any():
        shown = ", ".join(repr(shortened(word)) for word in known if word != NOTHING)
        say(f"column {str(said.name)!r}: no row has a word that the model knows ({shown}); {told.iloc[0]!r} is unknown")


def _date(name: str, at: Floats, now: Floats | None) -> Mapping[str, Floats]:
    """What the days `at` (n,) become, counted back from `now` (n,) where that is known."""
    whole = pd.Series(pd.to_datetime(np.where(np.isfinite(at), at, 0.0), unit="D"))
    month, weekday = whole.dt.month.to_numpy(dtype=float), whole.dt.weekday.to_numpy(dtype=float)
    values = (at if now is None else now - at, month, weekday)
    return {f"{name} ({part})": np.where(np.isfinite(at), v, np.nan) for part, v in zip(PARTS, values, strict=True)}


@dataclass(frozen=True, slots=True)
class Left:
    """A column that is left out, and why."""

    column: str
    reason: str


def plan_of(frame: pd.DataFrame, roles: Roles) -> tuple[Plan, tuple[Left, ...]]:
    """How to read the table's columns, and which are left out: constant ones and such as differ in nearly every row.

    Raises `NoFeaturesError` where no column is left, `TableError` of numbers that are written with a comma.
    """
    kinds: dict[str, Kind] = {}
    categories: dict[str, tuple[str, ...]] = {}
    left: list[Left] = []
    for name in (name for name in frame.columns if name not in roles.aside):
        kind, reason = kind_of(frame[name]), useless(frame[name])
        if kind == "category" and name not in roles.keep:
            _refuse_commas(frame[name])
        if reason and name not in roles.keep:
            left.append(Left(name, reason))
            continue
        kinds[name] = kind
        if kind == "category":
            categories[name] = _categories(frame[name])
    if not kinds:
        raise NoFeaturesError("no column is left to learn from: every other one is constant or an id")
    dated = roles.time is not None and bool(np.isfinite(days(frame[roles.time])).any())
    return Plan(kinds, categories, roles.time if dated else None), tuple(left)


def _refuse_commas(cells: pd.Series) -> None:
    """As words, numbers would say next to nothing, and nobody would be told."""
    found = with_comma(cells)
    if found is not None:
        told = f"column {str(cells.name)!r} holds numbers with a comma, such as {shortened(found)!r}"
        raise TableError(f"{told}; write them as 1234.5, or leave the column out", code="comma_numbers", field="file")


def useless(cells: pd.Series) -> str:
    """Why a column can say nothing of another row; "" where it can."""
    known = words(cells).dropna()
    n_different = known.nunique()
    if n_different <= 1 and len(known) in (0, len(cells)):
        return "constant"
    if n_different < 0.9 * len(cells) or len(cells) < 20:
        return ""
    kind = kind_of(cells)
    whole = kind == "number" and bool((np.nan_to_num(numbers(cells)) % 1 == 0).all())
    if kind == "category" or (whole and n_different == len(cells)):
        return f"like an id: {n_different:,} different values in {len(cells):,} rows"
    return ""


def _categories(cells: pd.Series) -> tuple[str, ...]:
    known = words(cells)
    counts = known.fillna(NOTHING).value_counts()
    kept = counts[counts >= min(FEWEST_OF_A_WORD, max(len(cells) // 20, 1))].head(MOST_CATEGORIES)
    return tuple(sorted(map(str, kept.index)))
