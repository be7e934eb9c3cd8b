"""A log as the learners see it: a matrix of contexts, what was chosen with which probability, and what it earned."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from training.encoding import Matrix
from training.reward_log import Floats
from training.uplift.regression import in_bins, regress_bins


@dataclass(frozen=True, eq=False)
class Lesson:
    """n decisions over `n_actions` actions; what several learners make of it is made once. For one thread at a time.

    Parameters: `matrix` (n, n_columns), NaN where not known; `categorical`, the columns that hold codes; `chosen` (n,);
    `probability` (n, n_actions), π₀(a|x); `reward` (n,), capped; `customer` (n,).
    """

    matrix: Matrix
    categorical: Sequence[int]
    chosen: NDArray[np.int64]
    probability: Floats
    reward: Floats
    customer: NDArray[Any]
    _bins: dict[int, lightgbm.Dataset] = field(default_factory=dict, init=False, repr=False)
    _boosters: dict[int, Sequence[lightgbm.Booster]] = field(default_factory=dict, init=False, repr=False)

    @property
    def n_actions(self) -> int:
        """How many actions there are."""
        return len(self.probability[0])

    def __len__(self) -> int:
        return len(self.chosen)

    def take(self, rows: NDArray[Any]) -> "Lesson":
        """Some of the decisions: a mask (n,) or indices."""
        return Lesson(
            self.matrix[rows],
            self.categorical,
            self.chosen[rows],
            self.probability[rows],
            self.reward[rows],
            self.customer[rows],
        )

    @cached_property
    def parts(self) -> Sequence["Lesson"]:
        """The decisions that chose each action."""
        return tuple(self.take(self.chosen == action) for action in range(self.n_actions))

    def regress(self, target: Floats, seed: int) -> lightgbm.Booster:
        """Fit E[target | context], of a target (n,)."""
        if seed not in self._bins:
            self._bins[seed] = in_bins(self.matrix, categorical=self.categorical, seed=seed)
        return regress_bins(self._bins[seed], target, seed=seed)

    def rewards_by_action(self, seed: int) -> Sequence[lightgbm.Booster]:
        """A regression of the reward for each action, on the decisions that chose it."""
        if seed not in self._boosters:
            self._boosters[seed] = tuple(part.regress(part.reward, seed) for part in self.parts)
        return self._boosters[seed]

    def join(self, other: "Lesson") -> "Lesson":
        """The decisions of both."""
        return Lesson(
            np.vstack([self.matrix, other.matrix]),
            self.categorical,
            np.concatenate([self.chosen, other.chosen]),
            np.vstack([self.probability, other.probability]),
            np.concatenate([self.reward, other.reward]),
            np.concatenate([self.customer, other.customer]),
        )

    def pseudo_outcomes(self, q_hat: Floats) -> Floats:
        """What each action would have earned, (n, n_actions): q̂, and the weighted surprise of the chosen one.

        Doubly robust (Dudík, Langford and Li, 2011): the mean of a column is the value of that constant action.
        """
        rows = np.arange(len(self))
        found = q_hat.copy()
        surprise = self.reward - q_hat[rows, self.chosen]
        found[rows, self.chosen] += surprise / self.probability[rows, self.chosen]
        return found
