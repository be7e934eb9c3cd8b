"""How much there is to learn of each action."""

import numpy as np

from training.encoding import Floats, Layout
from training.trees import Rows


def seen(rows: Rows, layout: Layout) -> dict[str, int]:
    """How many rows each action has."""
    return {action: int(count) for action, count in _by_action(rows, layout)}


def information(rows: Rows, layout: Layout) -> dict[str, float]:
    """Of each action's shown rows, n ȳ (1 − ȳ)."""
    positives = _by_action(rows, layout, weights=rows.label)
    together = zip(_by_action(rows, layout), positives, strict=True)
    return {action: float(yes - yes * yes / n) for (action, n), (_, yes) in together if n}


def _by_action(rows: Rows, layout: Layout, *, weights: Floats | None = None) -> list[tuple[str, float]]:
    """How many rows each action has, or the sum of their weights (n,)."""
    codes = rows.matrix[:, layout.position("action")].astype(np.int64)
    counts = np.bincount(codes, weights, minlength=len(layout.actions.actions))
    return list(zip(layout.actions.actions, counts.tolist(), strict=False))
