"""Counts: how often something happened, and how many things that were opened are still open."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.primitives import Array, Block, OneByOne, Part
from features.primitives_plain import AddingUp
from features.selector import Probe


@dataclass(frozen=True, slots=True)
class Count(AddingUp, OneByOne):
    """How often it happened, ever."""

    probe: Probe
    kind: ClassVar[str] = "count"
    nothing: ClassVar[float] = 0.0

    def parts(self) -> tuple[Part, ...]:
        """One column: the count."""
        return (Part("n", self.probe, "value"),)

    @staticmethod
    def at(state: Block, _now: Array, _parameter: Array, /) -> Array:
        """The count."""
        return state[0]

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], _now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        return list(parts[0])


@dataclass(frozen=True, slots=True)
class OpenCount(AddingUp, OneByOne):
    """How many of what was opened is not closed yet; an end that arrives before its beginning is fine."""

    opened: Probe
    closed: Probe
    kind: ClassVar[str] = "open_count"
    nothing: ClassVar[float] = 0.0

    def parts(self) -> tuple[Part, ...]:
        """Two columns: opened and closed."""
        return (Part("opened", self.opened, "value"), Part("closed", self.closed, "value"))

    @staticmethod
    def at(state: Block, _now: Array, _parameter: Array, /) -> Array:
        """Opened less closed, never below zero."""
        return np.fmax(state[0] - np.fmax(state[1], 0.0), 0.0)

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], _now: float, _parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        both = zip(*parts, strict=True)
        return [max(opened - (closed if closed > 0 else 0.0), 0.0) if opened > 0 else 0.0 for opened, closed in both]
