"""Stage and score of many customers at once; equal to `journey_score` row by row (`tests/laws`)."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from decisioning.condition_array import Column, Numbers, Words, true_of
from decisioning.journey import Journey


class JourneyColumns:
    """A journey, its conditions read for columns."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        self._stages = [stage.condition.tree for stage in journey.stages]
        self._signs = [[sign.tree for sign in stage.signs] for stage in journey.stages]

    def stages(self, columns: Mapping[str, Column], *, n: int) -> Numbers:
        """The position of each customer's stage, shape (n,); NaN where in none."""
        place = np.full(n, np.nan)
        for position, condition in enumerate(self._stages):
            place[true_of(condition, columns, n=n)] = position
        return place

    def scores(self, columns: Mapping[str, Column], stages: Numbers) -> Numbers:
        """The score of each customer in their stage, shape (n,); NaN where in none, or nothing of it is known."""
        scores = np.full(len(stages), np.nan)
        for position, stage in enumerate(self.journey.stages):
            rows = np.flatnonzero(stages == position)
            if rows.size:
                here = {name: _taken(columns[name], rows) for name in self.journey.features & columns.keys()}
                scores[rows] = 100.0 * stage.progress * self._health(position, here, len(rows))
        return scores

    def _health(self, position: int, columns: Mapping[str, Column], n: int) -> Numbers:
        total, known = np.zeros(n), np.zeros(n)
        for part in self._parts(position, columns, n):
            told = ~np.isnan(part)
            total, known = total + np.where(told, part, 0.0), known + told
        return np.where(known > 0, total / np.maximum(known, 1.0), np.nan)

    def _parts(self, position: int, columns: Mapping[str, Column], n: int) -> Iterator[Numbers]:
        journey, stage = self.journey, self.journey.stages[position]
        targets = stage.targets
        yield np.maximum(0.0, 1.0 - _numbers(columns, journey.activity, n) / journey.inactive_days)
        if journey.friction:
            counted = sum(np.fmax(_numbers(columns, name, n), 0.0) for name in journey.friction)
            yield np.minimum(1.0, (1.0 + (targets.complaints or 0.0)) / (1.0 + counted))
        yield np.clip(_numbers(columns, journey.satisfaction, n) / 10.0, 0.0, 1.0)
        if targets.median_days:
            days = _numbers(columns, stage.since, n)
            yield targets.median_days / np.maximum(days, targets.median_days)
        if signs := self._signs[position]:
            yield np.mean([true_of(sign, columns, n=n) for sign in signs], axis=0)


def _taken(column: Column, rows: NDArray[np.intp]) -> Column:
    return Words(column.codes[rows], column.vocabulary) if isinstance(column, Words) else column[rows]


def _numbers(columns: Mapping[str, Column], name: str, n: int) -> Numbers:
    column = columns.get(name)
    return np.full(n, np.nan) if column is None or isinstance(column, Words) else column
