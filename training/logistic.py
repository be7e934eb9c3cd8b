"""Penalised logistic regression by Newton's method, and the two maps between log-odds and probability."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse.linalg import LinearOperator, cg

from training.encoding import Floats

Reals = NDArray[np.floating[Any]]

LONGEST_STEP = 5.0
"""No coefficient moves further in one Newton step: separable rows cannot run away."""
WIDE = 256
"""Columns beyond which Newton's equations are solved by conjugate gradients: no matrix of all columns is formed."""
SKETCHED = 4
"""So many rows for each column, evenly spread, are enough to know roughly how the columns hang together."""
ACCURACY = 1e-4
"""What may be left of the slope, as a share of it, in one solution by conjugate gradients."""
AT_ONCE = 512
"""Rows that are multiplied to and fro while they are at hand."""
MOST_HALVINGS = 8
"""How often a step that makes the fit worse is cut in half."""


def sigmoid(margin: Floats) -> Floats:
    """Log-odds to probability, without overflow.

    >>> float(sigmoid(np.array([0.0]))[0])
    0.5
    """
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * margin)))


def log_odds(probability: Floats | float) -> Floats:
    """Probability to log-odds, cut at one in ten million.

    >>> float(log_odds(0.5))
    0.0
    """
    p = np.clip(probability, 1e-7, 1 - 1e-7)
    return np.asarray(np.log(p / (1 - p)))


def fit_logistic(
    design: Reals,
    label: Floats,
    *,
    penalty: Floats,
    offset: Floats,
    weight: Floats | float = 1.0,
    iterations: int = 12,
    tolerance: float = 1e-4,
) -> Floats:
    """Coefficients (n_columns,) that maximise the penalised likelihood.

    Parameters: `design` (n, n_columns), in single precision where speed matters, `label` (n,) in [0, 1], `penalty`
    (n_columns,) of ½·penalty·β², `offset` (n,), `weight` (n,), how much each row counts.
    """
    problem = _Problem(design, label, penalty, offset, weight)
    beta = np.zeros(design.shape[1])
    for _ in range(iterations):
        step = problem.step(beta)
        beta += step
        if np.abs(step).max(initial=0.0) < tolerance:
            break
    return beta


@dataclass(frozen=True)
class _Problem:
    """What is maximised; the arrays of `fit_logistic`."""

    design: Reals
    label: Floats
    penalty: Floats
    offset: Floats
    weight: Floats | float = 1.0

    def step(self, beta: Floats) -> Floats:
        """Newton's step, cut in half until it does not make the fit worse.

        Columns that nearly repeat each other make whole steps jump to and fro for ever.
        """
        margin = self.margin(beta)
        step = self._newton(beta, margin)
        now = self.loss(beta, margin)
        for _ in range(MOST_HALVINGS):
            if self.loss(beta + step, self.margin(beta + step)) <= now + abs(now) * 1e-7:
                break
            step = step / 2
        return step

    def margin(self, beta: Floats) -> Reals:
        """Log-odds (n,)."""
        return np.asarray(self.design @ beta.astype(self.design.dtype) + self.offset)

    def loss(self, beta: Floats, margin: Reals) -> float:
        """The penalised negative log-likelihood."""
        lost = self.weight * (np.logaddexp(0.0, margin) - self.label * margin)
        return float(lost.sum() + 0.5 * (self.penalty * beta * beta).sum())

    def _newton(self, beta: Floats, margin: Reals) -> Floats:
        p = sigmoid(np.asarray(margin, dtype=np.float64))
        wrong = (self.weight * (self.label - p)).astype(self.design.dtype)
        slope = (self.design.T @ wrong).astype(np.float64) - self.penalty * beta
        weight = self.weight * np.maximum(p * (1 - p), 1e-6)
        solve = self._solve if len(beta) <= WIDE else self._solve_wide
        step = solve(weight, slope)
        return np.asarray(step * min(1.0, LONGEST_STEP / max(float(np.abs(step).max(initial=0.0)), 1e-12)))

    def _solve(self, weight: Floats, slope: Floats) -> Floats:
        return np.asarray(np.linalg.solve(_curvature(self.design, weight) + np.diag(self.penalty), slope))

    def _solve_wide(self, weight: Floats, slope: Floats) -> Floats:
        """Conjugate gradients, led by what a sketch of the rows says (or, of few rows, by the diagonal)."""
        kind, size = self.design.dtype, (len(slope), len(slope))
        weights = weight.astype(kind)
        starts = range(0, len(weights), AT_ONCE)
        blocks = [(self.design[start : start + AT_ONCE], weights[start : start + AT_ONCE]) for start in starts]

        def bend(direction: Floats) -> Floats:
            along, out = direction.astype(kind), np.zeros(len(slope), dtype=kind)
            for rows, share in blocks:
                out += rows.T @ ((rows @ along) * share)
            return np.asarray(out.astype(np.float64) + self.penalty * direction)

        lead = LinearOperator(size, matvec=self._lead, dtype=np.float64)
        found, _ = cg(LinearOperator(size, matvec=bend, dtype=np.float64), slope, rtol=ACCURACY, maxiter=100, M=lead)
        return np.asarray(found)

    @cached_property
    def _lead(self) -> Callable[[Floats], Floats]:
        """Roughly the inverse of the curvature, where the fit begins."""
        n, width = self.design.shape
        p = sigmoid(self.offset)
        weight = self.weight * np.maximum(p * (1 - p), 1e-6)
        if n < SKETCHED * width:
            diagonal = (np.square(self.design) * weight[:, None].astype(self.design.dtype)).sum(axis=0) + self.penalty
            return lambda direction: direction / diagonal
        some = np.linspace(0, n - 1, SKETCHED * width).astype(np.int64)
        rough = _curvature(self.design[some], weight[some]) * (n / len(some))
        factor = cho_factor(rough + np.diag(self.penalty))
        return lambda direction: np.asarray(cho_solve(factor, direction))


def _curvature(design: Reals, weight: Floats) -> Floats:
    bent = design * np.sqrt(weight).astype(design.dtype)[:, None]
    return (bent.T @ bent).astype(np.float64)
