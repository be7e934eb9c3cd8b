"""Whether a distribution moved, whether that is more than chance, and how small a move would have been seen.

The population stability index is that of `features.quality`. Where nothing moved, PSI / (δ₁/n + δ₂/m) is distributed as
χ² with one degree of freedom less than there are bins, δ the design effects of rows that share customers; where the
true index is ψ, as noncentral χ² with λ = ψ / (δ₁/n + δ₂/m). Where design effects are uneven by a factor u, PSI is
divided by u times as much, and so are the degrees of freedom (Rao and Scott's second correction, 1984).
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


@dataclass(frozen=True, slots=True)
class _Side:
    """One of two distributions. Parameters: `worth`, in independent rows; `unevenness` of its design effects."""

    counts: Floats
    worth: float
    unevenness: float


def drift_of(reference: Histogram, now: Histogram, criterion: Criterion) -> Drift | None:
    """The drift between two histograms of equal bins; None where either has too few rows to say anything."""
    sides = [_Side(np.array(each.counts), each.n / each.design_effect, each.unevenness) for each in (reference, now)]
    return _drift(sides[0], sides[1], criterion)


def missing_drift(reference: Histogram, now: Histogram, criterion: Criterion) -> Drift | None:
    """The drift of the share that is missing; what is missing less often did not break."""
    before, later = [_Side(h.missing, h.missing.sum() / h.missing_effect, 1.0) for h in (reference, now)]
    found = _drift(before, later, criterion)
    rose = now.n_missing * before.counts.sum() > reference.n_missing * later.counts.sum()
    return found and replace(found, moved=found.moved and bool(rose))


def _drift(before: _Side, now: _Side, criterion: Criterion) -> Drift | None:
    if min(before.worth, now.worth) < FEWEST:
        return None
    psi = stability_of(before.counts, now.counts).psi
    bins = max(int(((before.counts + now.counts) > 0).sum()) - 1, 1)
    uneven = _unevenness(before, now)
    free, scale = bins / uneven, uneven * (1 / before.worth + 1 / now.worth)
    p_value = float(chdtrc(free, psi / scale))
    moved = psi > criterion.threshold and p_value < criterion.false_alarms
    return Drift(psi, p_value, detectable(free, scale, criterion), before.worth, now.worth, moved)


def _unevenness(before: _Side, now: _Side) -> float:
    """That of the difference of two sides, whose customers have nothing to do with each other."""
    part = now.worth / (before.worth + now.worth)
    return part**2 * before.unevenness + 2 * part * (1 - part) + (1 - part) ** 2 * now.unevenness


def critical(free: float, scale: float, criterion: Criterion) -> float:
    """The index above which a drift is found."""
    return max(criterion.threshold, float(chdtri(free, criterion.false_alarms)) * scale)


def detectable(free: float, scale: float, criterion: Criterion) -> float:
    """The least true index that is found with probability `POWER`; see the module for `free` and `scale`."""
    return float(chndtrinc(critical(free, scale, criterion) / scale, free, 1 - POWER)) * scale
