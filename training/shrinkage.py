"""Uplift, drawn toward each action's average by how much of its spread later data confirm.

A model's uplift varies more between customers than the truth does. The calibration slope says how much of the variation
is real: 1 all of it, 0 none (then every customer gets the action's average effect). It is the least-squares coefficient
of the residual-on-residual regression of Nie and Wager (2021), Biometrika 108(2), "Quasi-oracle estimation of
heterogeneous treatment effects", pooled over the actions, on rows the models have not seen. What is then learned again
from those rows too varies less for no reason, and is drawn in less.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.blend import levels
from training.encoding import Floats


@dataclass(frozen=True, slots=True)
class EffectRows:
    """Shown and not shown rows of a later time, with what the models say.

    Parameters: arrays (n,): `code` of the action, `shown` and `outcome` (0 or 1), `share`, P(shown | the row is among
    these), `baseline` P(outcome | not shown), `uplift` as the models have it.
    """

    code: Floats
    shown: Floats
    outcome: Floats
    share: Floats
    baseline: Floats
    uplift: Floats

    def take(self, rows: NDArray[np.int64]) -> "EffectRows":
        """Some of the rows."""
        each = (self.code, self.shown, self.outcome, self.share, self.baseline, self.uplift)
        return EffectRows(*(values[rows] for values in each))


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How an uplift is drawn in.

    Parameters: `centers` (n_actions + 1,), the average effect by action code, the last for an unknown action; `slope`
    in [0, 1]; `standard_error` of the slope as it was measured.
    """

    centers: Floats
    slope: float
    standard_error: float

    def apply(self, uplift: Floats, codes: Floats) -> Floats:
        """The drawn-in uplift (n,)."""
        center = levels(self.centers, codes)
        return np.asarray(center + self.slope * (uplift - center))

    def learned_again(self, share: float) -> "Shrinkage":
        """That of the same model learned again from more rows, of which it had seen this share in (0, 1].

        A slope is V / (V + E), the variance V of what is real beside the variance E of the error, which falls as rows
        grow in number: V / (V + share × E).

        >>> Shrinkage(np.zeros(1), slope=0.5, standard_error=0.1).learned_again(0.5)
        Shrinkage(centers=array([0.]), slope=0.6666666666666666, standard_error=0.1)
        """
        return replace(self, slope=self.slope / (self.slope + (1.0 - self.slope) * share))


def fit_shrinkage(rows: EffectRows, *, n_actions: int) -> Shrinkage:
    """Estimate centers and slope; where no row tells one customer from another the slope is 0."""
    centers = np.array([_mean(rows.uplift[rows.code == code], 0.0) for code in range(n_actions)] + [0.0])
    center = levels(centers, rows.code)
    exposure = rows.shown - rows.share
    surprise = rows.outcome - rows.baseline - rows.share * rows.uplift
    spread = exposure * (rows.uplift - center)
    weight = float(spread @ spread)
    if weight <= 0.0:
        return Shrinkage(centers, 0.0, float("nan"))
    slope = float(spread @ (surprise - exposure * center)) / weight
    noise = surprise - exposure * (center + slope * (rows.uplift - center))
    error = float(np.sqrt(np.square(spread * noise).sum())) / weight
    return Shrinkage(centers, float(np.clip(slope, 0.0, 1.0)), error)


def _mean(values: Floats, otherwise: float) -> float:
    return float(values.mean()) if values.size else otherwise
