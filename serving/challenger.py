"""A challenger in this process: what it scores is watched, and a failure of it is nobody else's."""

from collections.abc import Mapping, Sequence
from time import perf_counter

import numpy as np

from decisioning.customer import FeatureValue
from decisioning.errors import ArtifactError
from decisioning.foresight import foreseen_by
from decisioning.ports import Candidate, Scorer, Scores
from decisioning.rollout import Rollout
from features.rollout_pointer import RolloutPointer

MOST_FAULTS = 5
FAULT_SHARE = 0.01
"""Of its calls: so many faults, and more than this share, end a challenger."""
SLOW_SECONDS = 0.05
MOST_SLOW = 20
SLOW_SHARE = 0.1


class Watched:
    """A scorer whose every failure is a `TsugiError`, counted; so is a score that is no probability, and a slow one.

    Parameters: `scorer`.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self.n_calls, self.n_faults, self.n_slow = 0, 0, 0

    @property
    def version(self) -> str:
        """The bundle's version."""
        return self._scorer.version

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:
        """Score the candidates; raises `ArtifactError` whatever goes wrong."""
        self.n_calls += 1
        began = perf_counter()
        try:
            scores = self._scorer.score(features, candidates)
        except Exception as error:  # the champion must go on whatever a challenger does; it is counted and ends it
            raise self._fault(type(error).__name__) from error
        self.n_slow += perf_counter() - began > SLOW_SECONDS
        sound = np.isfinite(scores.propensity) & (scores.propensity >= 0) & (scores.propensity <= 1)
        if not sound.all():
            raise self._fault("a propensity that is no probability")
        return scores

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:
        """The features that moved the propensity most; none where that fails."""
        try:
            return self._scorer.explain(features, candidate)
        except Exception as error:  # noqa: BLE001  # as above; the decision stands without its reasons
            self._fault(type(error).__name__)
            return ()

    def foresee(self, features: Mapping[str, FeatureValue]) -> Mapping[str, float]:
        """What the bundle foresees; raises `ArtifactError` whatever goes wrong."""
        try:
            return foreseen_by(self._scorer, features)
        except Exception as error:  # as in `score`: counted, and told as one error
            raise self._fault(type(error).__name__) from error

    def _fault(self, what: str) -> ArtifactError:
        self.n_faults += 1
        return ArtifactError(f"the challenger {self.version} failed: {what}")


class Challenger:
    """A challenger under way. Parameters: `pointer`, as published; `scorer`, its bundle."""

    def __init__(self, pointer: RolloutPointer, scorer: Scorer) -> None:
        self.pointer, self.scorer = pointer, Watched(scorer)
        self.rollout = Rollout(self.scorer, pointer.share)

    @property
    def failing(self) -> str:
        """Why it shall be ended for its failures or its slowness; empty where it shall not."""
        watched = self.scorer
        if watched.n_faults >= MOST_FAULTS and watched.n_faults > FAULT_SHARE * watched.n_calls:
            return f"{watched.n_faults} of {watched.n_calls} scorings failed"
        if watched.n_slow >= MOST_SLOW and watched.n_slow > SLOW_SHARE * watched.n_calls:
            return f"{watched.n_slow} of {watched.n_calls} scorings took longer than {SLOW_SECONDS * 1000:.0f} ms"
        return ""
