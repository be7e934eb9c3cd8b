"""Choosing a table's calibration on held-out rows: none, Platt, beta or isotonic, the simplest first."""

from collections.abc import Callable, Mapping

import numpy as np

from training.calibration import CONVINCING, Calibration, fit_beta, fit_platt
from training.encoding import Floats
from training.metrics import log_loss
from training.tabular.isotonic import AnyCalibration, fit_isotonic

FEWEST = 50
"""Held-out rows of either label below which nothing is calibrated."""
FITTERS: Mapping[str, Callable[[Floats, Floats], AnyCalibration]] = {
    "none": lambda _margin, _label: Calibration(),
    "platt": fit_platt,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}


def choose_table_calibration(margin: Floats, label: Floats, *, later: bool = False) -> AnyCalibration:
    """The method with the lowest log loss on rows it did not see, fitted again on all of them.

    Parameters: `margin` (n,) and `label` (n,) of held-out rows; `later`, whether they stand in order of time: then the
    first half calibrates and the second judges, else every other row judges in turn.
    """
    if min(label.sum(), (1 - label).sum()) < FEWEST:
        return Calibration()
    best, lowest = "none", np.inf
    for name, fit in FITTERS.items():
        loss = np.mean(
            [
                log_loss(label[~rows], fit(margin[rows], label[rows]).apply(margin[~rows]))
                for rows in _halves(len(label), later=later)
            ]
        )
        if loss < lowest * (1 - CONVINCING):
            best, lowest = name, float(loss)
    return FITTERS[best](margin, label)


def _halves(n_rows: int, *, later: bool) -> list[np.ndarray]:
    place = np.arange(n_rows)
    return [place < n_rows // 2] if later else [place % 2 == 0, place % 2 == 1]
