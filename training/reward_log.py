"""What off-policy evaluation reads of a log: who, what was chosen, how likely each choice was, and what it earned.

`DecisionLogFrame` of `training.dataset` is such a log, and so is the plain `LoggedRewards`. A log that cannot say how
likely its choices were is refused: no estimator can mend a missing probability.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from decisioning.errors import InvalidInputError

Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""How far the probabilities of one decision may be from summing to 1."""
LEAST_PROBABILITY = 1e-12
"""In a table, of what was chosen: with less nothing is chosen by chance, and its weight would be all of the answer."""
MOST_MONEY = 1e12
"""In a table, of a decision, either way: what is beyond it is a slip, and its square may be no number."""


class RewardLog(Protocol):
    """A log of n decisions over named actions.

    `customer_id` (n,); `chosen` (n,), the column of the action at rank 1; `eligible_probability` (n, n_actions),
    π₀(a|x), 0 where not eligible; `reward` and `capped_reward` (n,), money per decision.
    """

    @property
    def actions(self) -> Sequence[str]:
        """The names of the columns."""
        ...

    @property
    def customer_id(self) -> NDArray[Any]:
        """Whose decision, (n,)."""
        ...

    @property
    def chosen(self) -> NDArray[Any]:
        """The column that was chosen, (n,)."""
        ...

    @property
    def eligible_probability(self) -> Floats:
        """π₀(a|x), (n, n_actions)."""
        ...

    @property
    def reward(self) -> Floats:
        """Money per decision, (n,)."""
        ...

    @property
    def capped_reward(self) -> Floats:
        """The same, cut at the workspace's cap, (n,)."""
        ...


@dataclass(frozen=True, slots=True)
class LoggedRewards:
    """A log given as plain arrays; see `RewardLog` for their meaning and shapes."""

    actions: Sequence[str]
    customer_id: NDArray[Any]
    chosen: NDArray[Any]
    eligible_probability: Floats
    reward: Floats
    capped_reward: Floats

    def part(self, rows: NDArray[Any]) -> "LoggedRewards":
        """The log of some rows: a mask (n,) or indices."""
        columns = (self.customer_id, self.chosen, self.eligible_probability, self.reward, self.capped_reward)
        return LoggedRewards(self.actions, *(column[rows] for column in columns))


def chosen_probability(log: RewardLog) -> Floats:
    """π₀ of what was chosen, (n,)."""
    taken: Floats = log.eligible_probability[np.arange(len(log.chosen)), log.chosen]
    return taken


def check_log(log: RewardLog) -> None:
    """Refuse a log that off-policy evaluation cannot use.

    Raises `InvalidInputError` naming the field and the first offending row.
    """
    n, n_actions = len(log.chosen), len(log.actions)
    _check_shapes(log, n, n_actions)
    _refuse(~np.isin(log.chosen, np.arange(n_actions)), "chosen", f"is not a column; allowed: 0 to {n_actions - 1}")
    probability = log.eligible_probability
    _refuse(~(chosen_probability(log) > 0), "eligible_probability", "has no probability above 0 for what was chosen")
    sums_to_one = np.abs(probability.sum(axis=1) - 1) <= TOLERANCE
    _refuse(~(sums_to_one & (probability >= 0).all(axis=1)), "eligible_probability", "is not a distribution")
    _refuse(~np.isfinite(log.reward), "reward", "is not a finite number")
    _refuse(~np.isfinite(log.capped_reward), "capped_reward", "is not a finite number")


def _check_shapes(log: RewardLog, n: int, n_actions: int) -> None:
    wanted = {"customer_id": (n,), "eligible_probability": (n, n_actions), "reward": (n,), "capped_reward": (n,)}
    for name, shape in wanted.items():
        given = np.shape(getattr(log, name))
        if given != shape:
            raise InvalidInputError(f"{name} has shape {given}; the log needs {shape}", field=name)


def _refuse(wrong: NDArray[np.bool_], field: str, problem: str) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InvalidInputError(
            f"{field} {problem} in {int(wrong.sum())} decisions, first row {first}", code="unusable_log", field=field
        )
