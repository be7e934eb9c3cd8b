"""The gate of models without a policy value of their own, such as churn: no worse than what they replace.

A model is judged by its losses on decisions or customers *later* than all it learned from. It may replace its rivals
(the champion's model, and a plain baseline) where the upper bound of its paired extra loss is at most the margin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisioning.errors import InvalidInputError
from training.bootstrap import customer_totals, estimate, replicate_totals
from training.figures import decimals, with_interval
from training.reward_log import Floats


@dataclass(frozen=True, slots=True)
class ComponentVerdict:
    """Whether a component may serve, and why, in plain words."""

    passed: bool
    reasons: tuple[str, ...]


def judge_component(
    losses: Floats,
    rivals: Mapping[str, Floats],
    *,
    customers: NDArray[Any],
    margin: float,
    generator: np.random.Generator,
    confidence: float = 0.95,
) -> ComponentVerdict:
    """Compare a model's losses (n,) with each rival's (n,) on the same rows of `customers` (n,).

    Parameters: `margin` > 0, the extra mean loss that is tolerable. Raises `InvalidInputError` of no rows or no rival.
    """
    if not len(losses) or not rivals or not margin > 0:
        given = f"{len(losses)} rows, {len(rivals)} rivals, a margin of {margin}"
        raise InvalidInputError(f"a component is compared on rows, with rivals, within a margin above 0; given {given}")
    extra = np.stack([losses - other for other in rivals.values()], axis=1)
    totals = customer_totals(np.column_stack([extra, np.ones(len(losses))]), customers)
    drawn = replicate_totals(totals, replicates=400, generator=generator)
    found = [
        estimate(extra[:, place].mean(), drawn[:, place] / drawn[:, -1], confidence) for place in range(len(rivals))
    ]
    within = f"within {margin:.{decimals(margin)}f}"
    reasons = tuple(
        f"{'no' if gap.high <= margin else 'not shown to be no'} worse than the {name} {within}: "
        f"extra loss {with_interval(gap, signed=True)}"
        for name, gap in zip(rivals, found, strict=True)
    )
    return ComponentVerdict(all(gap.high <= margin for gap in found), reasons)
