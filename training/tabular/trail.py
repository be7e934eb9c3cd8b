"""An intercept that trails the outcomes: rows in order of time, scored block by block, each before it is learned.

A model keeps the order of its scores longer than their level: rates move. The level is fitted again before each block
on the latest rows whose outcome is known, and on nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.encoding import Floats
from training.logistic import fit_logistic, sigmoid
from training.metrics import log_loss
from training.tabular.folds import blocks

WINDOWS = (0, 500, 1000, 2000, 4000)
"""Latest outcomes that are looked at, of which the best is chosen; 0: none, the intercept stays."""
STRENGTH = 4.0
"""How strongly the level is held where it was: as much as some twenty outcomes would."""
CONVINCING = 1e-3


@dataclass(frozen=True, slots=True)
class Trail:
    """Parameters: `window`, the latest outcomes that are looked at; 0: none, the intercept stays."""

    window: int = 0

    def shift(self, margin: Floats, label: Floats) -> float:
        """What to add to log-odds, by the latest of these rows (n,) in order of time."""
        if not self.window or not len(label):
            return 0.0
        margin, label = margin[-self.window :], label[-self.window :]
        return float(
            fit_logistic(np.ones((len(label), 1)), label, penalty=np.full(1, STRENGTH), offset=margin, iterations=25)[0]
        )

    def margins(self, margin: Floats, label: Floats, *, parts: Sequence[slice]) -> Floats:
        """Log-odds (n,) of rows in order of time, each part shifted by what was known before it."""
        out = margin.copy()
        for part in parts:
            out[part] += self.shift(margin[: part.start], label[: part.start])
        return out

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Trail":
        """The trail again; raises KeyError, TypeError or ValueError."""
        return cls(int(given["window"]))


def choose_trail(margin: Floats, label: Floats, *, n_blocks: int) -> Trail:
    """The window with the lowest log loss of rows that no part of the model has seen, in order of time."""
    parts = blocks(len(label), n_blocks)
    losses = {w: log_loss(label, sigmoid(Trail(w).margins(margin, label, parts=parts))) for w in WINDOWS}
    best = WINDOWS[0]
    for window in WINDOWS[1:]:
        if losses[window] < losses[best] * (1 - CONVINCING):
            best = window
    return Trail(best)
