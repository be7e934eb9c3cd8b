"""Values: the newest answer to a question, a number or the code of a word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.primitives import Array, Block, OneByOne, Part, Primitive, Told, later
from features.runs import Runs
from features.selector import Probe, Selector


@dataclass(frozen=True, slots=True)
class LastValue(Primitive, OneByOne):
    """The newest value of a property; of two with one time, the larger.

    A newest value that is unusable (not a number, not of the vocabulary) is not known, whatever was said before.
    """

    probe: Probe
    kind: ClassVar[str] = "last_value"

    def parts(self) -> tuple[Part, ...]:
        """Two columns: the value and its time."""
        return (Part("value", self.probe, "value"), Part("at", self.probe, "time"))

    @staticmethod
    def merge(a: Block, b: Block, _parameter: Array, /) -> Block:
        """The value with the later time."""
        later = (b[1] > a[1]) | np.isnan(a[1])
        value = np.where(a[1] == b[1], np.fmax(a[0], b[0]), np.where(later, b[0], a[0]))
        return (value, np.fmax(a[1], b[1]))

    @staticmethod
    def add(state: list[float], told: Sequence[Told], /) -> None:
        """As `merge`, of one fact."""
        for (value, at), (given, moment), _ in told:
            renew(state, (value, at), (given, moment))

    @staticmethod
    def fold(facts: Block, runs: Runs, _parameter: Array, /) -> Block:
        """The value with the latest time."""
        at = runs.largest(facts[1])
        return (runs.largest(np.where(facts[1] == runs.each(at), facts[0], np.nan)), at)

    @staticmethod
    def at(state: Block, _now: Array, _parameter: Array, /) -> Array:
        """The value, whatever the time."""
        return state[0]

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], _now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        return list(parts[0])


def renew(state: list[float], columns: tuple[int, int], said: tuple[float, float]) -> None:
    """Put a value that was said at a moment into the columns of value and time, unless a newer one is known."""
    (value, at), (given, moment) = columns, said
    if state[at] == moment:
        state[value] = later(state[value], given)
    elif not state[at] > moment:
        state[value], state[at] = given, moment


def trait(name: str, *, one_of: tuple[str, ...] = ()) -> LastValue:
    """The newest value of a trait that `identify` told.

    >>> from features.fact import Fact
    >>> trait("income").probe.read(Fact("identify", "", {"income": 1200}, occurred_us=0, known_us=0))
    1200.0
    """
    return LastValue(Probe(Selector(("identify",)), reads=name, one_of=one_of))
