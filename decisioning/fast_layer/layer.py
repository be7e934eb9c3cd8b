"""The state of the fast layer: evidence by action, and the posterior it comes to."""

from collections.abc import Iterable, Mapping, Sequence
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


Where = slice | NDArray[np.intp]


class Places(dict[str, int]):
    """Where each action that has evidence lies in the layer's arrays, by name; 0 is the prior, of all others."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        super().__init__({name: place for place, name in enumerate(sorted(names), start=1)})
        self._last: tuple[Sequence[Candidate], Where] = (), slice(0)

    def of(self, candidates: Sequence[Candidate]) -> Where:
        """Those of these candidates (n,); remembered, as one decision after another asks for the same.

        A slice where they lie side by side, as candidates that all have evidence do: that copies nothing.
        """
        asked, found = self._last
        if asked is not candidates:
            found = _where([self.get(each.action.name, 0) for each in candidates])
            self._last = candidates, found
        return found


def _where(places: list[int]) -> Where:
    first = places[0] if places else 0
    after = first + len(places)
    return slice(first, after) if places == list(range(first, after)) else np.array(places, dtype=np.intp)


class Posterior(NamedTuple):
    """What is believed of every action at a moment.

    Parameters: `places` of the actions that have evidence; `beliefs` (n + 1, d + 1, d), of each its mean, and below it
    its covariance; the first is the prior, of every other action.
    """

    places: Places
    beliefs: Floats

    @property
    def means(self) -> Floats:
        """Of every action's deviation, (n + 1, d)."""
        return self.beliefs[:, 0]

    def of(self, candidates: Sequence[Candidate], row: Floats) -> tuple[Floats, Floats]:
        """Mean and SD (n_candidates,) of the deviation, in log-odds, for a customer's row (d,)."""
        at, size = self.places.of(candidates), len(row)
        along = self.beliefs.reshape(-1, size).dot(row).reshape(-1, size + 1)[at]
        variance = along[:, 1:].dot(row)
        return along[:, 0], np.sqrt(np.maximum(variance, ZERO, out=variance), out=variance)

    def of_many(self, candidates: Sequence[Candidate], rows: Floats) -> tuple[Floats, Floats]:
        """As `of`, (n, n_candidates) each, of n customers' rows (n, d)."""
        places = [self.places.get(each.action.name, 0) for each in candidates]
        known = {place: _along(self.beliefs[place], rows) for place in set(places)}
        mean, spread = np.empty((2, len(rows), len(places)))
        for nth, place in enumerate(places):
            mean[:, nth], spread[:, nth] = known[place]
        return mean, spread


def _along(belief: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """Mean and SD (n,) of one action's deviation along some rows."""
    along = rows @ belief.T
    variance = np.einsum("nd,nd->n", along[:, 1:], rows)
    return along[:, 0], np.sqrt(np.maximum(variance, 0.0))


class Ground(NamedTuple):
    """What the bundle below the layer had learned.

    Parameters: `information` on the level of each action, Σ p (1 − p) over the exposures that the bundle was trained
    on; `at_us`, when: it fades as other evidence does.
    """

    information: Mapping[str, float]
    at_us: int


class FastLayer:
    """Learns from exposures, in any order, and tells what follows. Not for several threads at once.

    What is believed of an action is reckoned from its evidence whenever time has passed, and after that moved by one
    answer at a time (Sherman and Morrison, 1950), which comes to the same.

    Parameters: `belief`; `size`, d, the length of a row; `ground`, by which a bundle that has seen much of an action is
    moved slowly, and drawn closely (None: one that knows no more than the belief says).
    """

    def __init__(self, belief: Belief, size: int, *, ground: Ground | None = None) -> None:
        self._belief, self._size = belief, size
        self._evidence: dict[str, Evidence] = {}
        self._places = Places()
        self._beliefs = np.vstack([np.zeros((1, size)), inverse(belief.precision(size))])[np.newaxis]
        self._stale: set[str] = set()
        self._step = 0
        if ground is not None:
            self._stand_on(ground)

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
            belief = self._beliefs[self._places[action]]
            belief[0], belief[1:] = self._belief.posterior(self._evidence[action].sums(step * STEP_US))
        self._stale.clear()
        return Posterior(self._places, self._beliefs)

    def _move(self, place: int, exposure: Exposure) -> None:
        """One update of rank one moves the mean and the covariance below it."""
        row, belief, weight = exposure.row, self._beliefs[place], weight_of(exposure.propensity)
        along = belief.dot(row)
        below = along[1:]
        gain = below * (weight / (1.0 + weight * float(below.dot(row))))
        along[0] += (exposure.propensity - bool(exposure.accepted)) / weight
        belief -= along[:, np.newaxis].dot(gain[np.newaxis])

    def _stand_on(self, ground: Ground) -> None:
        for action, known in ground.information.items():
            self._of(action).start(known, at_us=ground.at_us)
            self._stale.add(action)

    def _of(self, action: str) -> Evidence:
        known = self._evidence.get(action)
        if known is None:
            belief = self._belief
            known = Evidence(self._size, forgetting=belief.forgetting, answering=belief.answering)
            self._evidence[action] = known
            self._join(action)
        return known

    def _join(self, action: str) -> None:
        """Make a place for one more action, which begins as the prior; a posterior that was told keeps its own."""
        before, self._places = self._places, Places([*self._places, action])
        self._beliefs = self._beliefs[[0, *(before.get(name, 0) for name in self._places)]]
