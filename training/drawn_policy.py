"""What a bundle is served as where the catalogue has a temperature: its choices drawn by softmax, not its first one."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from decisioning.catalog import Catalog
from decisioning.decide import temperature_of
from decisioning.exploration import soft_shares
from training.dataset import DecisionLogFrame
from training.encoding import Floats
from training.evaluation import HINDSIGHT_CONSTANT, REGISTERED_CONSTANT, Difference, PolicyEvaluation
from training.figures import with_interval
from training.policy import eligible, greedy
from training.promotion import CANDIDATE, Check

TEMPERATURE = "temperature"
"""The role of the check: it refuses nothing, for the temperature is the catalogue's."""


def drawn_name(policy: str) -> str:
    """What a policy is called as it is drawn.

    >>> drawn_name("candidate")
    'candidate as drawn'
    """
    return f"{policy} as drawn"


def as_drawn(frame: DecisionLogFrame, priority: Floats, catalog: Catalog) -> Floats:
    """The probabilities (n, n_actions) by which a decision draws what `epsilon` leaves, of priorities of that shape.

    A softmax at the catalogue's temperature where its placement and channel explore; else, and where something
    mandatory is eligible, the first choice. Raises `InvalidInputError` where an eligible action has no finite priority.
    """
    policy, rows = greedy(frame, priority), _softened(frame, catalog)
    height = np.where(eligible(frame)[rows], priority[rows], -np.inf)
    policy[rows] = soft_shares(height, catalog.exploration.temperature)
    return policy


def temperature_check(evaluation: PolicyEvaluation, temperature: float) -> Iterator[Check]:
    """What the candidate is worth as it is drawn, beside the best constant actions; nothing where nothing is drawn."""
    row = evaluation.policies.get(drawn_name(CANDIDATE))
    if row is None:
        return
    gaps = [row.differences[role] for role in (REGISTERED_CONSTANT, HINDSIGHT_CONSTANT) if role in row.differences]
    worst = min(gaps, key=lambda gap: gap.estimate.low)
    told = f"{with_interval(worst.estimate, signed=True)} per decision beside {worst.reference}"
    reason = f"drawn at the catalogue's temperature of {temperature:g}: {told}"
    yield Check(TEMPERATURE, passed=True, reason=f"{reason}{_warned(worst)}", low=worst.estimate.low)


def _warned(gap: Difference) -> str:
    if gap.estimate.low > 0:
        return ""
    verb = "is worse" if gap.estimate.high < 0 else "is not shown to be better"
    return (
        f"; warning: what is drawn {verb} than always the same action, whatever its first choices are worth; "
        "lower `exploration.temperature` in the catalogue"
    )


def _softened(frame: DecisionLogFrame, catalog: Catalog) -> NDArray[np.intp]:
    """The decisions that are drawn by softmax."""
    soft = [name for name, placement in catalog.placements.items() if temperature_of(placement, catalog)]
    mandatory = [name in catalog.actions and catalog.actions[name].mandatory for name in frame.actions]
    certain = eligible(frame)[:, np.array(mandatory, dtype=np.bool_)].any(axis=1)
    return np.flatnonzero(np.isin(frame.placement.astype(str), soft) & ~certain)
