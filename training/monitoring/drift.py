"""Whether a distribution moved, whether that is more than chance, and how small a move would have been seen.

The population stability index is that of `features.quality`. Where nothing moved, PSI / (δ₁/n + δ₂/m) is distributed as
χ² with one degree of freedom less than there are bins, δ the design effects of rows that share customers; where the
true index is ψ, as noncentral χ² with λ = ψ / (δ₁/n + δ₂/m).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtrc, chdtri, chndtrinc

from features.quality.stability import FEWEST, stability_of
from training.encoding import Floats
from training.monitoring.histogram import Histogram

POWER = 0.8
"""A drift that is called detectable is found in so many of the windows that have it."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """What counts as drift.

    Parameters: `threshold`, an index that is worth a look; `false_alarms`, P(found by chance) of this one test.
    """

    threshold: float
    false_alarms: float


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a distribution moved.

    Parameters: `psi`; `p_value`, P(as far by chance); `detectable`, the least index that is found in `POWER` of the
    windows that have it; `n_reference` and `n_now`, independent rows that each side is worth; `moved`, whether it is
    worth a look, and more than chance.
    """

    psi: float
    p_value: float
    detectable: float
    n_reference: float
    n_now: float
    moved: bool


def drift_of(reference: Histogram, now: Histogram, criterion: Criterion) -> Drift | None:
    """The drift between two histograms of equal bins; None where either has too few rows to say anything."""
    sides = [np.array(each.counts) for each in (reference, now)]
    worth = (reference.n / reference.design_effect, now.n / now.design_effect)
    return _drift((sides[0], sides[1]), worth, criterion)


def missing_drift(reference: Histogram, now: Histogram, criterion: Criterion) -> Drift | None:
    """The drift of the share that is missing; what is missing less often did not break."""
    sides = (reference.missing, now.missing)
    worth = (sides[0].sum() / reference.missing_effect, sides[1].sum() / now.missing_effect)
    found = _drift(sides, worth, criterion)
    rose = now.n_missing * sides[0].sum() > reference.n_missing * sides[1].sum()
    return found and replace(found, moved=found.moved and bool(rose))


def _drift(sides: tuple[Floats, Floats], worth: tuple[float, float], criterion: Criterion) -> Drift | None:
    if min(worth) < FEWEST:
        return None
    psi = stability_of(*sides).psi
    free = max(int(((sides[0] + sides[1]) > 0).sum()) - 1, 1)
    scale = 1 / worth[0] + 1 / worth[1]
    p_value = float(chdtrc(free, psi / scale))
    moved = psi > criterion.threshold and p_value < criterion.false_alarms
    return Drift(psi, p_value, detectable(free, scale, criterion), worth[0], worth[1], moved)


def critical(free: int, scale: float, criterion: Criterion) -> float:
    """The index above which a drift is found."""
    return max(criterion.threshold, float(chdtri(free, criterion.false_alarms)) * scale)


def detectable(free: int, scale: float, criterion: Criterion) -> float:
    """The least true index that is found with probability `POWER`; see the module for `free` and `scale`."""
    return float(chndtrinc(critical(free, scale, criterion) / scale, free, 1 - POWER)) * scale
