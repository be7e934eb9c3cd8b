"""How good probabilities are: log loss, AUC, calibration error beside its noise floor, and the gain curve.

What is undefined (an AUC of one class, anything of no rows) is NaN, never 0. Labels are (n,) of 0 and 1, probabilities
(n,).
"""

from dataclasses import dataclass

import numpy as np

from training.encoding import Floats

TINY = 1e-12


def log_loss(label: Floats, probability: Floats) -> float:
    """Mean negative log-likelihood.

    >>> round(log_loss(np.array([1.0, 0.0]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    return float(np.mean(log_losses(label, probability))) if len(label) else float("nan")


def log_losses(label: Floats, probability: Floats) -> Floats:
    """The negative log-likelihood of each row (n,).

    >>> log_losses(np.array([1.0]), np.array([0.5])).round(3).tolist()
    [0.693]
    """
    p = np.clip(probability, TINY, 1 - TINY)
    return np.asarray(-(label * np.log(p) + (1 - label) * np.log1p(-p)))


def auc(label: Floats, score: Floats) -> float:
    """P(a positive scores above a negative), ties counted half (the Mann–Whitney statistic); NaN of one class.

    >>> auc(np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.9]))
    0.75
    """
    n_positive = float(label.sum())
    n_negative = len(label) - n_positive
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    rank_sum = float(_mean_ranks(score)[label > 0].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def _mean_ranks(score: Floats) -> Floats:
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])


def calibration_error(label: Floats, probability: Floats, *, n_bins: int = 10) -> float:
    """Expected calibration error: |mean label − mean probability| over equally filled bins, weighted by size."""
    if len(label) == 0:
        return float("nan")
    order = np.argsort(probability, kind="stable")
    return _binned((label - probability)[order], n_bins)


def calibration_floor(probability: Floats, *, seed: int = 0, n_draws: int = 50, n_bins: int = 10) -> float:
    """The calibration error of a perfect model on as many rows: the mean over labels drawn from the probabilities."""
    rng, sorted_ = np.random.default_rng(seed), np.argsort(probability, kind="stable")
    ordered = probability[sorted_]
    errors = [_binned(_drawn(rng, probability)[sorted_] - ordered, n_bins) for _ in range(n_draws)]
    return float(np.mean(errors))


def _drawn(rng: np.random.Generator, probability: Floats) -> Floats:
    return (rng.random(len(probability)) < probability).astype(np.float64)


def _binned(gap: Floats, n_bins: int) -> float:
    """|mean gap| over equally filled bins of gaps in order of the probability, weighted by size."""
    return float(np.abs([part.sum() for part in np.array_split(gap, n_bins)]).sum() / len(gap))


def gain_curve(label: Floats, score: Floats, *, n_points: int = 20) -> tuple[Floats, Floats]:
    """Share of the positives found in the best-scored share of rows; two arrays of shape (n_points + 1,)."""
    found = np.concatenate([[0.0], np.cumsum(label[np.argsort(-score, kind="stable")])])
    share = np.linspace(0.0, 1.0, n_points + 1)
    reached = found[np.round(share * len(label)).astype(np.int64)]
    return share, reached / found[-1] if found[-1] > 0 else np.full(n_points + 1, np.nan)


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a model's probabilities are on some rows."""

    n_rows: int
    n_positive: int
    log_loss: float
    auc: float
    calibration_error: float
    calibration_floor: float

    @classmethod
    def of(cls, label: Floats, probability: Floats) -> "Quality":
        """Every measure of these rows."""
        return cls(
            n_rows=len(label),
            n_positive=int(label.sum()),
            log_loss=log_loss(label, probability),
            auc=auc(label, probability),
            calibration_error=calibration_error(label, probability),
            calibration_floor=calibration_floor(probability) if len(label) else float("nan"),
        )
