"""What the fast layer believes before any evidence, and what it makes of some: a normal posterior per action."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from decisioning.fast_layer.exposure import Floats

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Belief:
    """The layer's settings.

    Parameters: `level_sd` and `slope_sd`, the SD in log-odds of how far an action's level, and the effect of one SD of
    a feature, are from the bundle's; `boldness`, the share of the posterior's SD that draws are made with;
    `half_life_days` of the evidence (None: nothing is forgotten); `answer_days`, the mean time until who accepts has.
    """

    level_sd: float = 1.0
    slope_sd: float = 0.5
    boldness: float = 0.3
    half_life_days: float | None = None
    answer_days: float = 1.0

    @property
    def forgetting(self) -> float:
        """The rate per microsecond at which evidence fades."""
        return 0.0 if self.half_life_days is None else float(np.log(2.0)) / (self.half_life_days * DAY_US)

    @property
    def answering(self) -> float:
        """The rate per microsecond at which answers come."""
        return 1.0 / (self.answer_days * DAY_US)

    def precision(self, size: int) -> Floats:
        """The prior's precision (d, d); not to be written to."""
        return _diagonal(self.level_sd**-2, self.slope_sd**-2, size)

    def posterior(self, sums: Floats) -> tuple[Floats, Floats]:
        """Mean (d,) and covariance (d, d) of an action's deviation, of its evidence (d, d + 1).

        Bayesian linear regression of y − p on w z with noise variance w: one Fisher scoring step of a logistic
        regression whose offset is the bundle's score.
        """
        covariance = inverse(self.precision(len(sums)) + sums[:, :-1])
        mean: Floats = covariance @ sums[:, -1]
        return mean, covariance


@cache
def _diagonal(first: float, others: float, size: int) -> Floats:
    return np.diag([first, *[others] * (size - 1)])


def inverse(matrix: Floats) -> Floats:
    """The inverse of a positive definite matrix."""
    return np.linalg.inv(matrix).astype(np.float64, copy=False)
