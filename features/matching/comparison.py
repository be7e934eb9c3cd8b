"""Levels of likeness of two values: one definition of each, as SQL for training and as a function for one record."""

from collections.abc import Callable
from dataclasses import dataclass

MISSING = -1
"""The degree of two values that say nothing."""

EXACT, FIRST = "equal", "nothing alike"


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of likeness.

    Parameters: `name`; `sql`, when it holds of `{l}` and `{r}` and no higher level does; `m`, how many pairs of one
    person are at it, by which training starts and which rules where there is too little to learn from.
    """

    name: str
    sql: str
    m: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two values of a kind are compared.

    Parameters: `name`, in SQL; `levels`, from the highest down, without the lowest, at which nothing is alike;
    `degree`, the level of two cleansed values, counted from 0, the lowest, or MISSING; `silent`, in
    SQL, when two values say nothing; `by_frequency`, equality on a rare value
    says more than on a common one; `identifies`, one value belongs to few people, so pairs that share it can train.
    """

    name: str
    levels: tuple[Level, ...]
    degree: Callable[[str, str], int]
    silent: str = "false"
    by_frequency: bool = True
    identifies: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The levels' names, from the lowest up: the place is the degree."""
        return (FIRST, *(level.name for level in reversed(self.levels)))

    @property
    def default_m(self) -> tuple[float, ...]:
        """How pairs of one person spread over the levels before anything is learned, from the lowest up."""
        given = tuple(level.m for level in reversed(self.levels))
        return (1.0 - sum(given), *given)
