"""The slate: what may be shown, with what the catalogue says of it in columns, read once for many decisions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from decisioning.customer import FeatureValue
from decisioning.formula import Formula, compile_formula, is_amount
from decisioning.ports import Candidate

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
MOST_KEPT = 1024
"""Slates of a placement: as many sets of actions as customers commonly come through to."""


@dataclass(frozen=True)
class Slate:
    """Candidates, by name of action and treatment. Columns are made when they are asked for, and then kept.

    Parameters: `candidates`; see `of` for those in any order.
    """

    candidates: tuple[Candidate, ...]

    @classmethod
    def of(cls, candidates: Iterable[Candidate]) -> "Slate":
        """The slate of some candidates, whose order is irrelevant."""
        return cls(tuple(sorted(candidates, key=lambda each: (each.action.name, each.treatment.name))))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of their actions."""
        return tuple([each.action.name for each in self.candidates])

    @cached_property
    def issues(self) -> tuple[str, ...]:
        """Of their actions."""
        return tuple([each.action.issue for each in self.candidates])

    @cached_property
    def formulas(self) -> tuple[tuple[int, Formula | None, Formula | None], ...]:
        """Where the catalogue computes a candidate's value or cost, and how."""
        texts = [(each.action.value_formula, each.treatment.cost_formula) for each in self.candidates]
        pairs = [(_formula(value), _formula(cost)) for value, cost in texts]
        return tuple((at, value, cost) for at, (value, cost) in enumerate(pairs) if value or cost)

    def amounts(self, said: Mapping[str, FeatureValue]) -> tuple[Floats, Floats | float]:
        """What one acceptance is worth and one contact costs, (n,) each; NaN where that is not known.

        Parameters: `said`, what formulas may read.
        """
        if not self.formulas:
            return self.values, self.costs
        values, costs = self.values.copy(), np.broadcast_to(self.costs, self.values.shape).copy()
        for at, value, cost in self.formulas:
            values[at] = _amount(value, said) if value else values[at]
            costs[at] = _amount(cost, said) if cost else costs[at]
        return values, costs

    @cached_property
    def values(self) -> Floats:
        """Of one acceptance, (n,)."""
        return np.array([each.action.value for each in self.candidates], dtype=np.float64)

    @cached_property
    def costs(self) -> Floats | float:
        """Of one contact, (n,); 0.0 where none costs anything."""
        return _unless_all([each.treatment.cost for each in self.candidates], 0.0)

    @cached_property
    def levers(self) -> Floats | float:
        """The business's own factors, (n,); 1.0 where it has none."""
        return _unless_all([each.action.lever for each in self.candidates], 1.0)

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Whether the catalogue's own numbers are finite, (n,)."""
        numbers = [(each.action.value, each.treatment.cost, each.action.lever) for each in self.candidates]
        return np.array([all(map(isfinite, each)) for each in numbers], dtype=np.bool_)

    @cached_property
    def starts(self) -> Places:
        """Where each action's candidates begin, (n_actions,)."""
        names = self.names
        return np.array([at for at, name in enumerate(names) if not at or name != names[at - 1]], dtype=np.intp)

    @cached_property
    def nth_action(self) -> Places:
        """Which of the actions each candidate belongs to, (n,)."""
        return np.searchsorted(self.starts, np.arange(len(self.candidates)), side="right") - 1

    @cached_property
    def all_usable(self) -> bool:
        """Whether all of the catalogue's own numbers are finite."""
        return bool(self.usable.all())

    @cached_property
    def single(self) -> bool:
        """Whether every action has one treatment."""
        return len(self.starts) == len(self.candidates)

    def take(self, places: Places) -> "Slate":
        """The candidates at some places."""
        return Slate(tuple([self.candidates[at] for at in places.tolist()]))


class Slates:
    """The slates of one placement, each kept for the next decision that the same actions have come through to.

    Parameters: `candidates` of every action, by its name.
    """

    def __init__(self, candidates: Mapping[str, tuple[Candidate, ...]]) -> None:
        self._candidates = candidates
        self._kept: dict[tuple[str, ...], Slate] = {}

    def of(self, names: tuple[str, ...]) -> Slate:
        """The slate of these actions, in any order."""
        slate = self._kept.get(names)
        if slate is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            slate = self._kept[names] = Slate.of(each for name in names for each in self._candidates[name])
        return slate


def _formula(text: str) -> Formula | None:
    return compile_formula(text) if text else None


def _amount(formula: Formula, said: Mapping[str, FeatureValue]) -> float:
    number = formula.number(said)
    return nan if number is None or not is_amount(number) else number


def _unless_all(numbers: list[float], usual: float) -> Floats | float:
    return usual if all(number == usual for number in numbers) else np.array(numbers, dtype=np.float64)
