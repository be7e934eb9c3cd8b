"""The state of the fast layer: evidence by action, and the posterior it comes to."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from decisioning.arbitration import ZERO
from decisioning.fast_layer.belief import Belief, inverse
from decisioning.fast_layer.evidence import Evidence
from decisioning.fast_layer.exposure import Exposure, Floats, weight_of
from decisioning.ports import Candidate

STEP_US = 60_000_000
"""How finely the passing of time is looked at: within a step, only new evidence changes a posterior."""


class Places(dict[str, int]):
    """Where each action that has evidence lies in the layer's arrays; 0 is the prior, of every other action."""

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[Sequence[Candidate], int, NDArray[np.intp]] = (), 0, np.zeros(0, np.intp)

    def of(self, candidates: Sequence[Candidate]) -> NDArray[np.intp]:
        """Those of these candidates (n,); remembered, as one decision after another asks for the same."""
        asked, known, found = self._last
        if asked is not candidates or known != len(self):
            found = np.array([self.get(each.action.name, 0) for each in candidates], dtype=np.intp)
            self._last = candidates, len(self), found
        return found


class Posterior(NamedTuple):
    """What is believed of every action at a moment.

    Parameters: `places` of the actions that have evidence; `means` (n + 1, d) and `covariances` (n + 1, d, d), whose
    first is the prior, of every other action.
    """

    places: Places
    means: Floats
    covariances: Floats

    def of(self, candidates: Sequence[Candidate], row: Floats) -> tuple[Floats, Floats]:
        """Mean and SD (n_candidates,) of the deviation, in log-odds, for a customer's row (d,)."""
        at, size = self.places.of(candidates), len(row)
        variance = self.covariances.reshape(-1, size).dot(row).reshape(-1, size).dot(row)
        return self.means.dot(row).take(at), np.sqrt(np.maximum(variance, ZERO)).take(at)


class FastLayer:
    """Learns from exposures, in any order, and tells what follows. Not for several threads at once.

    What is believed of an action is reckoned from its evidence whenever time has passed, and after that moved by one
    answer at a time (Sherman and Morrison, 1950), which comes to the same.

    Parameters: `belief`; `size`, d, the length of a row.
    """

    def __init__(self, belief: Belief, size: int) -> None:
        self._belief, self._size = belief, size
        self._evidence: dict[str, Evidence] = {}
        self._places = Places()
        self._means, self._covariances = np.zeros((1, size)), inverse(belief.precision(size))[np.newaxis]
        self._stale: set[str] = set()
        self._step = 0

    def learn(self, action: str, exposure: Exposure) -> None:
        """Take an exposure in."""
        self._of(action).add(exposure)
        if exposure.accepted is None or self._belief.forgetting:
            self._stale.add(action)
        elif action not in self._stale:
            self._move(self._places[action], exposure)

    def correct(self, action: str, before: Exposure, after: Exposure) -> None:
        """Take back what was known of an exposure, and learn what is known now."""
        evidence = self._of(action)
        evidence.remove(before)
        evidence.add(after)
        self._stale.add(action)

    def posterior(self, now_us: int) -> Posterior:
        """What is believed now, to the next whole `STEP_US`; it changes with what is learned next."""
        step = now_us // STEP_US + 1
        if step != self._step:
            self._step = step
            self._stale.update(self._evidence)
        for action in self._stale:
            place = self._places[action]
            found = self._belief.posterior(self._evidence[action].sums(step * STEP_US))
            self._means[place], self._covariances[place] = found
        self._stale.clear()
        return Posterior(self._places, self._means, self._covariances)

    def _move(self, place: int, exposure: Exposure) -> None:
        row, mean, covariance = exposure.row, self._means[place], self._covariances[place]
        weight = weight_of(exposure.propensity)
        along = covariance.dot(row)
        gain = along / (1.0 + weight * float(row.dot(along)))
        surprise = bool(exposure.accepted) - exposure.propensity - weight * float(row.dot(mean))
        mean += gain * surprise
        along *= weight
        covariance -= gain[:, np.newaxis] * along

    def _of(self, action: str) -> Evidence:
        known = self._evidence.get(action)
        if known is None:
            belief = self._belief
            known = Evidence(self._size, forgetting=belief.forgetting, answering=belief.answering)
            self._evidence[action] = known
            self._places[action] = len(self._places) + 1
            self._means = np.vstack([self._means, self._means[:1]])
            self._covariances = np.concatenate([self._covariances, self._covariances[:1]])
        return known
