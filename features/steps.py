"""What one fact changes in its customer's states, step by step in plain Python.

A handful of facts costs less so: arrays of one have the price of arrays. What is to be done is compiled once for each
combination of probes that read a fact, of which there are few.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from features.fact import Fact
from features.fact_reader import FactReader
from features.lift import View
from features.primitives import BITS, HALF_HOUR_US, SECOND_US, Part, Primitive, Told

NAN = float("nan")
COMPILED = 4096
"""Combinations of probes that are kept compiled."""
_NOTHING, _TIME, _SECOND, _ONE, _READ = range(5)
"""Where the numbers of a fact stand: nothing, its time, the whole seconds of it, 1.0, then those that probes read."""
_NO_CELL, _HALF_HOUR, _BITS = range(3)
"""Where the cells of a fact stand: the only one, that of its half hour, then those of its bits."""
_FIXED = {"time": _TIME, "second": _SECOND, "one": _ONE}
Numbers = Callable[[list[float]], tuple[float, ...]]


class _Column(NamedTuple):
    """The first column of one part. Parameters: `probe`, by its number."""

    probe: int
    part: Part
    place: int


class _Feature(NamedTuple):
    """One feature of a view."""

    primitive: type[Primitive]
    columns: tuple[_Column, ...]
    parameter: float


class _Step(NamedTuple):
    """The features of one kind that a fact says something to.

    Parameters: `view`, its place; `entries`, by cell, of each feature the columns of its parts, which of the picked
    numbers are written there, and its parameter; `cell`, where the cell stands among those of the fact.
    """

    view: int
    add: Callable[[list[float], Sequence[Told]], None]
    entries: tuple[tuple[tuple[tuple[int, ...], int, float], ...], ...]
    cell: int


class _Plan(NamedTuple):
    """What is done with a fact.

    Parameters: `made`, what is made of numbers that were read, in the order in which it stands behind them: a bit
    (None), or whether it is a certain number; `picks`, each picks what a feature is told from all numbers.
    """

    steps: tuple[_Step, ...]
    made: tuple[tuple[int, float | None], ...]
    picks: tuple[Numbers, ...]


class Steps:
    """Takes facts into states, one by one.

    Parameters: `views`; `reader`, of all their probes.
    """

    def __init__(self, views: Iterable[View], reader: FactReader) -> None:
        self._reader = reader
        numbered = {probe: number for number, probe in enumerate(reader.probes)}
        self._views = [
            [
                _Feature(
                    type(feature.primitive),
                    tuple(
                        _Column(numbered[part.probe], part, view.columns.index(feature.columns_of(part)[0]))
                        for part in feature.primitive.parts()
                    ),
                    feature.primitive.parameter,
                )
                for feature in view.layout.features
            ]
            for view in views
        ]
        self._plan_of = lru_cache(maxsize=COMPILED)(self._compiled)

    def take(self, fact: Fact, states: Callable[[int], list[float]]) -> None:
        """Merge what a fact says into its customer's states.

        Parameters: `states` gives the state of a view, by its place, to be changed; it is asked for those only that the
        fact touches.
        """
        probes, values = self._reader.read_one(fact)
        plan = self._plan_of(probes)
        numbers, cells = _numbers(plan, float(fact.occurred_us), values)
        picked = [pick(numbers) for pick in plan.picks]
        for view, add, entries, cell in plan.steps:
            here = entries[cells[cell] % len(entries)]
            add(states(view), [(columns, picked[place], parameter) for columns, place, parameter in here])

    def _compiled(self, probes: tuple[int, ...]) -> _Plan:
        numbering = _Numbering(probes)
        steps = tuple(step for place, view in enumerate(self._views) for step in _steps(place, view, numbering))
        return _Plan(steps, tuple(numbering.made), numbering.picks)


def _numbers(plan: _Plan, at_us: float, values: Sequence[float]) -> tuple[list[float], list[int]]:
    """The numbers and the cells of a fact."""
    numbers = [NAN, at_us, at_us // SECOND_US, 1.0, *values]
    cells = [0, int(at_us // HALF_HOUR_US)]
    for place, of in plan.made:
        if of is None:
            cell, bit = divmod(int(numbers[place]), BITS)
            cells.append(cell)
            numbers.append(2.0**bit)
        else:
            numbers.append(float(numbers[place] == of))
    return numbers, cells


class _Numbering:
    """Where what parts take of a fact stands among its numbers. Parameters: `probes` that read it, in order."""

    def __init__(self, probes: tuple[int, ...]) -> None:
        self._read = {probe: place for place, probe in enumerate(probes, _READ)}
        self._picked: dict[tuple[int, ...], int] = {}
        self._n_bits = 0
        self.made: list[tuple[int, float | None]] = []

    @property
    def picks(self) -> tuple[Numbers, ...]:
        """Every selection of numbers that was asked for."""
        return tuple(map(_picker, self._picked))

    def touches(self, feature: _Feature) -> bool:
        """Whether the fact says something to a feature."""
        return any(column.probe in self._read for column in feature.columns)

    def step(self, view: int, features: Sequence[_Feature]) -> _Step:
        """What is done for features of one kind that are written in one cell."""
        picked = [self._pick(tuple(map(self._place, feature.columns))) for feature in features]
        cells = max(column.part.cells for column in features[0].columns)
        entries = tuple(
            tuple((_columns(each, cell), pick, each.parameter) for each, pick in zip(features, picked, strict=True))
            for cell in range(cells)
        )
        cell = _NO_CELL if cells == 1 else _BITS + self._n_bits - 1 if _has_bits(features[0]) else _HALF_HOUR
        return _Step(view, features[0].primitive.add, entries, cell)

    def _pick(self, places: tuple[int, ...]) -> int:
        return self._picked.setdefault(places, len(self._picked))

    def _place(self, column: _Column) -> int:
        takes = column.part.takes
        read = self._read.get(column.probe)
        if read is None:
            return _NOTHING
        if takes in ("match", "bit"):
            self._n_bits += takes == "bit"
            self.made.append((read, column.part.of if takes == "match" else None))
            return _READ + len(self._read) + len(self.made) - 1
        return _FIXED.get(takes, read)


def _columns(feature: _Feature, cell: int) -> tuple[int, ...]:
    return tuple(column.place + (cell if column.part.cells > 1 else 0) for column in feature.columns)


def _has_bits(feature: _Feature) -> bool:
    return any(column.part.takes == "bit" for column in feature.columns)


def _picker(places: Sequence[int]) -> Numbers:
    if len(places) == 1:
        (only,) = places
        return lambda numbers: (numbers[only],)
    return itemgetter(*places)


def _steps(place: int, view: Iterable[_Feature], numbering: _Numbering) -> Iterator[_Step]:
    """The features of a view that a fact says something to, kind by kind; each bit has a cell of its own."""
    touched = filter(numbering.touches, view)
    for _, same in groupby(touched, key=lambda feature: feature.primitive):
        features = list(same)
        for told in [[each] for each in features] if _has_bits(features[0]) else [features]:
            yield numbering.step(place, told)
