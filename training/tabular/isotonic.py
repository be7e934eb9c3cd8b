"""Isotonic calibration: the rising steps that fit best, joined by straight lines so that no two scores become one.

Zadrozny and Elkan, Transforming classifier scores into accurate multiclass probability estimates, KDD 2002. It has no
shape to hold it where rows are few, and broke under drift: it is one of four that held-out rows choose from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import isotonic_regression

from decisioning.errors import ArtifactError
from training.calibration import Calibration
from training.encoding import Floats
from training.logistic import log_odds, sigmoid

MOST_KNOTS = 200
IMAGINED = 1.0
"""Imagined rows of the mean, added to every step: no step says never or always."""


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising map of log-odds. Parameters: `at` (n_knots,), rising; `to` (n_knots,), the calibrated log-odds there."""

    at: Floats
    to: Floats
    method: Literal["isotonic"] = "isotonic"

    def margin(self, margin: Floats) -> Floats:
        """Calibrated log-odds (n,); beyond the outer knots the distance to them is kept."""
        inside = np.clip(margin, self.at[0], self.at[-1])
        return np.asarray(np.interp(inside, self.at, self.to) + (margin - inside))

    def apply(self, margin: Floats) -> Floats:
        """Probabilities (n,) of log-odds (n,)."""
        return sigmoid(self.margin(margin))

    def to_json(self) -> dict[str, Any]:
        """Its knots."""
        return {"method": self.method, "at": self.at.tolist(), "to": self.to.tolist()}


AnyCalibration = Calibration | Isotonic


def fit_isotonic(margin: Floats, label: Floats) -> Isotonic:
    """The rising steps of maximum likelihood, each drawn toward the mean by one imagined row."""
    order = np.argsort(margin, kind="stable")
    found = isotonic_regression(label[order])
    starts, mean = found.blocks, float(label.mean())
    counts = found.weights
    rate = (found.x[starts[:-1]] * counts + mean * IMAGINED) / (counts + IMAGINED)
    at = np.add.reduceat(margin[order], starts[:-1]) / np.diff(starts)
    some = np.unique(np.linspace(0, len(at) - 1, min(len(at), MOST_KNOTS)).astype(np.int64))
    return Isotonic(at[some], np.maximum.accumulate(log_odds(rate))[some])


def calibration_from_json(given: Mapping[str, Any]) -> AnyCalibration:
    """Any calibration again; raises `ArtifactError`."""
    if given.get("method") != "isotonic":
        return Calibration.from_json(given)
    at, to = (np.array(given.get(name), dtype=np.float64) for name in ("at", "to"))
    if at.ndim != 1 or at.shape != to.shape or not at.size or (np.diff(at) < 0).any() or (np.diff(to) < 0).any():
        raise ArtifactError("bundle.json: an isotonic calibration needs as many rising `at` as rising `to`")
    return Isotonic(at, to)
