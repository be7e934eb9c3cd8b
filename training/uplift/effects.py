"""Learned effects: a weighted sum of regressions, whatever learner they come from.

A bag of learners, and a learner drawn toward the average effect, are again such sums: one form to score, write, read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import lightgbm
import numpy as np

from training.encoding import Matrix
from training.reward_log import Floats
from training.reward_model import with_action
from training.uplift.regression import expected


@dataclass(frozen=True, slots=True)
class Term:
    """One regression's part.

    Parameters: `weights` (n_actions,), how much it adds to each action; `action`, the code that it is asked about,
    where it reads the action as its last column.
    """

    booster: lightgbm.Booster
    weights: Floats
    action: int | None = None

    def predict(self, matrix: Matrix) -> Floats:
        """Its part of every action's score, (n, n_actions)."""
        asked = matrix if self.action is None else with_action(matrix, self.action)
        return np.outer(expected(self.booster, asked), self.weights)


@dataclass(frozen=True, slots=True)
class Effects:
    """What each action adds to the constant one.

    Parameters: `constant`, the action that others are compared with; `offset` (n_actions,).
    """

    constant: int
    terms: tuple[Term, ...]
    offset: Floats

    def predict(self, matrix: Matrix) -> Floats:
        """Effects (n, n_actions) for rows (n, n_columns), per decision; 0 for the constant action."""
        total = np.tile(self.offset, (len(matrix), 1))
        for term in self.terms:
            total += term.predict(matrix)
        total -= total[:, [self.constant]]
        return total

    def scaled(self, factor: float, offset: Floats) -> "Effects":
        """The effects times a factor, plus an offset (n_actions,)."""
        terms = tuple(replace(term, weights=term.weights * factor) for term in self.terms)
        return Effects(self.constant, terms, self.offset * factor + offset)


def average(parts: Sequence[Effects]) -> Effects:
    """The mean of effects against the same constant action."""
    share = 1 / len(parts)
    scaled = [part.scaled(share, np.zeros_like(part.offset)) for part in parts]
    offset = np.sum([part.offset for part in scaled], axis=0)
    return Effects(parts[0].constant, tuple(term for part in scaled for term in part.terms), offset)
