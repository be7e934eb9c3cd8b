"""The state of the fast layer: evidence by action, and the posterior it comes to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from decisioning.fast_layer.belief import Belief, inverse
from decisioning.fast_layer.evidence import Evidence
from decisioning.fast_layer.exposure import Exposure, Floats, weight_of

STEP_US = 60_000_000
"""How finely the passing of time is looked at: within a step, only new evidence changes a posterior."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of every action at a moment.

    Parameters: `places` of the actions that have evidence; `means` (n + 1, d) and `covariances` (n + 1, d, d), whose
    first is the prior, of every other action.
    """

    places: dict[str, int]
    means: Floats
    covariances: Floats

    def of(self, actions: Sequence[str], row: Floats) -> tuple[Floats, Floats]:
        """Mean and SD (n_actions,) of the deviation, in log-odds, for a customer's row (d,)."""
        at = np.array([self.places.get(action, 0) for action in actions])
        size = row.size
        variance = (self.covariances.reshape(-1, size) @ row).reshape(-1, size) @ row
        return (self.means @ row)[at], np.sqrt(np.maximum(variance, 0.0))[at]


class FastLayer:
    """Learns from exposures, in any order, and tells what follows. Not for several threads at once.

    What is believed of an action is reckoned from its evidence whenever time has passed, and after that moved by one
    answer at a time (Sherman and Morrison, 1950), which comes to the same.

    Parameters: `belief`; `size`, d, the length of a row.
    """

    def __init__(self, belief: Belief, size: int) -> None:
        self._belief, self._size = belief, size
        self._evidence: dict[str, Evidence] = {}
        self._places: dict[str, int] = {}
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
        along = covariance @ row
        gain = along / (1.0 + weight * float(row @ along))
        surprise = float(bool(exposure.accepted)) - exposure.propensity - weight * float(row @ mean)
        covariance -= np.multiply.outer(gain, weight * along)
        mean += gain * surprise

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
