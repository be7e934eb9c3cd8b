"""Responses: silence is an answer too, once the window has passed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.primitives import Array, Block, OneByOne, Part, elapsed
from features.primitives_plain import KeepingLatest
from features.selector import Probe


@dataclass(frozen=True, slots=True)
class Unanswered(KeepingLatest, OneByOne):
    """Whether what was shown last stayed without an answer until its window passed: `no_response`.

    Any answer at or after the newest impression counts as its answer. Nothing is stored when the window passes: `at`
    sees it.

    Parameters: `shown`, the impressions; `answered`, the answers; `window_us`, how long an answer may take.
    """

    shown: Probe
    answered: Probe
    window_us: float
    kind: ClassVar[str] = "unanswered"

    def parts(self) -> tuple[Part, ...]:
        """Two columns: the newest impression and the newest answer."""
        return (Part("shown_at", self.shown, "time"), Part("answered_at", self.answered, "time"))

    @property
    def parameter(self) -> float:
        """The window."""
        return self.window_us

    @staticmethod
    def at(state: Block, now: Array, parameter: Array, /) -> Array:
        """1.0 without an answer in time, 0.0 answered or still open, NaN where nothing was ever shown."""
        silent = ~(state[1] >= state[0]) & (elapsed(state[0], now) >= parameter)
        return np.where(np.isnan(state[0]), np.nan, silent.astype(np.float64))

    @staticmethod
    def at_one(parts: Sequence[Sequence[float]], now: float, parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        asked = zip(*parts, parameter, strict=True)
        return [
            float(not answered_at >= shown_at and now - shown_at >= window) if shown_at == shown_at else shown_at
            for shown_at, answered_at, window in asked
        ]
