"""A bundle's scores as a decision had them: moved by what its record says of the fast layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from decisioning.arbitration import ONE, ZERO
from decisioning.customer import FeatureValue
from decisioning.decision import Decision, Learned
from decisioning.fast_layer.scorer import bounded, corrected, weights_of
from decisioning.foresight import foreseen_by
from decisioning.ports import Candidate, Correction, Scorer, Scores

_UNMOVED = (np.nan, 0.0)


def as_logged(scorer: Scorer, logged: Decision, *, exactly: bool) -> Scorer:
    """The bundle, as a fast layer had moved it where one had.

    Parameters: `exactly`, each action in its recorded treatment only, as others' scores were not kept.
    """
    if logged.learned is None:
        return scorer
    became = {action: score[0] for action, score in logged.scores.items()}
    return LoggedScorer(scorer, logged.learned, became, exactly)


@dataclass(frozen=True, slots=True)
class LoggedScorer:
    """Another scorer's scores, moved as recorded; a `decisioning.ports.Scorer` of the same version.

    What the bundle says as it did then becomes what was recorded, to the bit; what it says otherwise moves as far in
    log-odds. Parameters: `became`, the propensity used, by action.
    """

    scorer: Scorer
    learned: Learned
    became: Mapping[str, float]
    exactly: bool

    @property
    def version(self) -> str:
        """The bundle's."""
        return self.scorer.version

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:
        """The bundle's scores, moved as recorded; NaN for what may not be replayed."""
        found = self.scorer.score(features, candidates)
        moved = [self.learned.scores.get(each.action.name, _UNMOVED) for each in candidates]
        bundle, spread = np.array(moved).reshape(-1, 2).T
        became = np.array([self.became.get(each.action.name, np.nan) for each in candidates])
        ratio = weights_of(found.propensity) / weights_of(bundle)
        shift = np.where(np.isnan(bundle), 0.0, ratio * (became - bundle))
        propensity = np.where(found.propensity == bundle, became, bounded(found.propensity + shift, ZERO, ONE))
        if self.exactly:
            propensity = np.where([self._is_recorded(each) for each in candidates], propensity, np.nan)
        spreads = np.where(np.isnan(bundle), 0.0, ratio * spread)
        return corrected(found, propensity, Correction(self.learned.seq, found.propensity, spreads), candidates)

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:
        """What moved the bundle's propensity."""
        return self.scorer.explain(features, candidate)

    def foresee(self, features: Mapping[str, FeatureValue]) -> Mapping[str, float]:
        """What the bundle foresees."""
        return foreseen_by(self.scorer, features)

    def _is_recorded(self, candidate: Candidate) -> bool:
        return self.learned.treatments.get(candidate.action.name) == candidate.treatment.name
