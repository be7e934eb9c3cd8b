"""A bundle's scores, corrected by what was answered since it was trained."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from decisioning.arbitration import ONE, ZERO
from decisioning.customer import FeatureValue
from decisioning.fast_layer.exposure import LEAST_PROPENSITY, Floats, Regressors, weight_of
from decisioning.fast_layer.layer import Posterior
from decisioning.foresight import foreseen_by
from decisioning.ports import Candidate, Correction, Scorer, Scores, is_bounded

LEAST_WEIGHT = np.array(weight_of(LEAST_PROPENSITY))
LEAST_UPLIFT = np.array(-1.0)


class FastScorer(NamedTuple):
    """Another scorer's scores, moved; a `decisioning.ports.Scorer` of the same version.

    Parameters: `scorer`, the bundle; `boldness`, what the posterior's SD is multiplied by; `seq`, of the newest record
    that the posterior has seen.
    """

    scorer: Scorer
    posterior: Posterior
    regressors: Regressors
    boldness: float
    seq: int

    @property
    def version(self) -> str:
        """The bundle's."""
        return self.scorer.version

    @property
    def is_bounded(self) -> bool:
        """Whether the bundle scores and foresees in so many steps and no more."""
        return is_bounded(self.scorer)

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:
        """The bundle's scores, the propensity moved by w × deviation, uplift and priority by what that comes to."""
        found = self.scorer.score(features, candidates)
        return self._moved(found, self.posterior.of(candidates, self.regressors.row(features)), candidates)

    def moved(
        self, found: Scores, columns: Mapping[str, NDArray[np.generic]], candidates: Sequence[Candidate]
    ) -> Scores:
        """As `score`, of n customers known by columns; `found`, what the bundle says of them (n, n_candidates)."""
        rows = self.regressors.rows(columns, n_rows=len(found.propensity))
        return self._moved(found, self.posterior.of_many(candidates, rows), candidates)

    def _moved(self, found: Scores, deviation: tuple[Floats, Floats], candidates: Sequence[Candidate]) -> Scores:
        shift, spread = deviation
        weight = weights_of(found.propensity)
        shift *= weight
        shift += found.propensity
        spread *= weight
        spread *= self.boldness
        propensity = bounded(shift, ZERO, ONE)
        correction = Correction(self.seq, found.propensity, spread)
        return corrected(found, propensity, correction, candidates)

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:
        """What moved the bundle's propensity."""
        return self.scorer.explain(features, candidate)

    def foresee(self, features: Mapping[str, FeatureValue]) -> Mapping[str, float]:
        """What the bundle foresees."""
        return foreseen_by(self.scorer, features)


def bounded(values: Floats, least: Floats, most: Floats) -> Floats:
    """Values kept between two; NaN stays. On a handful, `np.clip` costs four times as much."""
    kept: Floats = np.maximum(values, least)
    return np.minimum(kept, most, out=kept)


def corrected(found: Scores, propensity: Floats, correction: Correction, candidates: Sequence[Candidate]) -> Scores:
    """A bundle's scores with another propensity, uplift and priority moved by what that comes to."""
    if not found.randomised and found.priority is None:
        return Scores(propensity, found.uplift, None, correction, randomised=False)
    gained = propensity - found.propensity
    uplift = bounded(found.uplift + gained, LEAST_UPLIFT, ONE)
    return Scores(propensity, uplift, _moved_priority(found.priority, gained, candidates), correction, found.randomised)


def weights_of(propensity: Floats) -> Floats:
    """How far a propensity moves by one unit of log-odds, p × (1 − p); never 0."""
    weights: Floats = np.maximum(propensity * (ONE - propensity), LEAST_WEIGHT)
    return weights


def _moved_priority(priority: Floats | None, gained: Floats, candidates: Sequence[Candidate]) -> Floats | None:
    if priority is None:
        return None
    moved: Floats = priority + gained * np.array([each.action.value for each in candidates])
    return moved
