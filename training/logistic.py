"""Penalised logistic regression by Newton's method, and the two maps between log-odds and probability."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats

Reals = NDArray[np.floating[Any]]

LONGEST_STEP = 5.0
"""No coefficient moves further in one Newton step: separable rows cannot run away."""
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
    design: Reals, label: Floats, *, penalty: Floats, offset: Floats, iterations: int = 12, tolerance: float = 1e-4
) -> Floats:
    """Coefficients (n_columns,) that maximise the penalised likelihood.

    Parameters: `design` (n, n_columns), in single precision where speed matters, `label` (n,) in [0, 1], `penalty`
    (n_columns,) of ½·penalty·β², `offset` (n,).
    """
    problem = _Problem(design, label, penalty, offset)
    beta = np.zeros(design.shape[1])
    for _ in range(iterations):
        step = problem.step(beta)
        beta += step
        if np.abs(step).max(initial=0.0) < tolerance:
            break
    return beta


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is maximised; the arrays of `fit_logistic`."""

    design: Reals
    label: Floats
    penalty: Floats
    offset: Floats

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
        return float((np.logaddexp(0.0, margin) - self.label * margin).sum() + 0.5 * (self.penalty * beta * beta).sum())

    def _newton(self, beta: Floats, margin: Reals) -> Floats:
        design, p = self.design, sigmoid(np.asarray(margin, dtype=np.float64))
        curvature = np.sqrt(np.maximum(p * (1 - p), 1e-6)).astype(design.dtype)
        bent = design * curvature[:, None]
        hessian = (bent.T @ bent).astype(np.float64) + np.diag(self.penalty)
        slope = (design.T @ (self.label - p).astype(design.dtype)).astype(np.float64) - self.penalty * beta
        step = np.linalg.solve(hessian, slope)
        return np.asarray(step * min(1.0, LONGEST_STEP / max(float(np.abs(step).max(initial=0.0)), 1e-12)))
