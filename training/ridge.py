"""Ridge: logistic regressions whose coefficients are held back by penalties, and by the signs they may have."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats
from training.logistic import fit_logistic, sigmoid

TOLERANCE = 3e-3
"""Newton stops when no coefficient moves further than this: far below the noise of any of them."""
FREE = 1e-6
"""As good as no penalty."""
HELD = (1.0, 1e4)
"""The least and the most that a coefficient of an action's own deviation is held by, where each has a strength."""


@dataclass(frozen=True, slots=True)
class Penalties:
    """Strengths of ½·penalty·β²: of the common coefficients, and of each action's deviation from them.

    Parameters: `rounds`, how often every coefficient of a deviation gets a strength of its own, by how large it is.
    """

    pooled: float = 3.0
    own: float = 100.0
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """One regression: design (n, n_columns) in single precision, label, offset and weight (n,)."""

    design: NDArray[np.float32]
    label: Floats
    offset: Floats
    weight: Floats | float = 1.0

    def take(self, rows: NDArray[np.int64]) -> "Problem":
        """Some of the rows."""
        return Problem(self.design[rows], self.label[rows], self.offset[rows])

    def columns(self, kept: NDArray[np.int64]) -> "Problem":
        """Some of the columns."""
        return Problem(self.design[:, kept], self.label, self.offset, self.weight)

    def curvature(self, beta: Floats) -> Floats:
        """How sharply the likelihood bends along each column (n_columns,) at coefficients."""
        chance = sigmoid(self.offset + self.design @ beta.astype(self.design.dtype))
        return np.asarray(np.einsum("ij,ij,i->j", self.design, self.design, chance * (1.0 - chance)))


def fit_signed(
    problem: Problem, fit: Callable[[Problem], Floats], *, signs: NDArray[np.int64], on: Floats | float = 0.0
) -> Floats:
    """Coefficients that have, added to those they come `on` top of, the signs wanted (0: any).

    A sum that would have the other sign is held at 0, until none has.
    """
    kept, added_to = np.arange(len(signs)), np.broadcast_to(on, len(signs))
    out = np.zeros(len(signs))
    while True:
        found = fit(problem if len(kept) == len(signs) else _others(problem, kept, out))
        wrong = (found + added_to[kept]) * signs[kept] < 0
        if not wrong.any():
            out[kept] = found
            return out
        out[kept[wrong]] = 0.0 - added_to[kept[wrong]]
        kept = kept[~wrong]


def _others(problem: Problem, kept: NDArray[np.int64], held: Floats) -> Problem:
    """The problem of the columns that are kept, where the others have the coefficients at which they are held."""
    start = problem.offset + problem.design @ held.astype(problem.design.dtype)
    return Problem(problem.design[:, kept], problem.label, start, problem.weight)


def fit_pooled(penalties: Penalties, problem: Problem) -> Floats:
    """What all actions have in common."""
    return _fit(problem, penalties.pooled, intercept=FREE)


def fit_own(penalties: Penalties, problem: Problem) -> Floats:
    """An action's deviation: few features matter to it, and those are held the less, the more they do.

    The strengths are those that make the data likeliest, by expectation maximisation with the diagonal of the
    curvature. Tipping: Sparse Bayesian learning and the relevance vector machine, 2001, equation 16.
    """
    strength: Floats | float = penalties.own
    found = _fit(problem, strength, intercept=1.0)
    for _ in range(penalties.rounds):
        spread = 1.0 / (problem.curvature(found) + strength)
        strength = np.clip(1.0 / (found * found + spread), *HELD)
        found = _fit(problem, strength, intercept=1.0)
    return found


def _fit(problem: Problem, strength: Floats | float, *, intercept: float) -> Floats:
    penalty = np.full(problem.design.shape[1], strength)
    penalty[0] = intercept
    design, label, offset, weight = problem.design, problem.label, problem.offset, problem.weight
    return fit_logistic(design, label, penalty=penalty, offset=offset, weight=weight, tolerance=TOLERANCE)
