"""Penalised logistic regression by Newton's method, and the two maps between log-odds and probability."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats

Reals = NDArray[np.floating[Any]]

LONGEST_STEP = 5.0
"""No coefficient moves further in one Newton step: separable rows cannot run away."""


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
    beta = np.zeros(design.shape[1])
    for _ in range(iterations):
        step = _newton_step(design, label, penalty=penalty, offset=offset, beta=beta)
        beta += step
        if np.abs(step).max(initial=0.0) < tolerance:
            break
    return beta


def _newton_step(design: Reals, label: Floats, *, penalty: Floats, offset: Floats, beta: Floats) -> Floats:
    p = sigmoid(design @ beta.astype(design.dtype) + offset)
    curvature = np.sqrt(np.maximum(p * (1 - p), 1e-6)).astype(design.dtype)
    bent = design * curvature[:, None]
    hessian = (bent.T @ bent).astype(np.float64) + np.diag(penalty)
    slope = (design.T @ (label - p).astype(design.dtype)).astype(np.float64) - penalty * beta
    step = np.linalg.solve(hessian, slope)
    return np.asarray(step * min(1.0, LONGEST_STEP / max(float(np.abs(step).max(initial=0.0)), 1e-12)))
