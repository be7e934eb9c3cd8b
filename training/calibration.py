"""From a model's log-odds to a probability that means what it says: nothing, Platt, or beta calibration.

Platt (1999) fits a slope and an intercept on the log-odds. Beta calibration (Kull, Silva Filho and Flach, AISTATS 2017)
gives the two ends of the scale a slope each. Which one is used is decided on validation rows that the fit did not see;
ties go to the simpler. Isotonic regression broke under drift: only models of a table of one's own try it too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, get_args

import numpy as np

from decisioning.errors import ArtifactError
from training.encoding import Floats
from training.logistic import fit_logistic, log_odds, sigmoid
from training.metrics import log_loss

FEWEST = 50
"""Rows of either label below which nothing is calibrated."""
Method = Literal["none", "platt", "beta"]
METHODS: tuple[Method, ...] = get_args(Method)
"""From the simplest on."""
CONVINCING = 1e-4
"""A more elaborate method must lower the log loss by this share to be chosen."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone map of log-odds to probability: σ(a·ln p − b·ln(1−p) + c).

    Parameters: `method`; `a` and `b`, the slopes at the low and the high end (equal for Platt, 1 for none); `c`.

    >>> Calibration().apply(np.array([0.0]))
    array([0.5])
    """

    method: Method = "none"
    a: float = 1.0
    b: float = 1.0
    c: float = 0.0

    def apply(self, margin: Floats) -> Floats:
        """Probabilities (n,) of log-odds (n,)."""
        return sigmoid(self.margin(margin))

    def margin(self, margin: Floats) -> Floats:
        """Calibrated log-odds (n,)."""
        if self.method == "none":
            return margin
        return np.asarray(-self.a * np.logaddexp(0.0, -margin) + self.b * np.logaddexp(0.0, margin) + self.c)

    def to_json(self) -> dict[str, Any]:
        """Method and parameters."""
        return {"method": self.method, "a": self.a, "b": self.b, "c": self.c}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Calibration":
        """The calibration again; raises `ArtifactError` where the method is unknown or a slope is negative."""
        method = given.get("method")
        numbers = [given.get(name) for name in "abc"]
        if method not in METHODS or not all(isinstance(x, float | int) and np.isfinite(x) for x in numbers):
            raise ArtifactError(f"bundle.json: calibration {dict(given)!r}, expected a method of {METHODS} and a, b, c")
        a, b, c = (float(number) for number in numbers if number is not None)
        if min(a, b) < 0:
            raise ArtifactError(f"bundle.json: calibration slopes {a} and {b}, expected none below 0")
        return cls(method, a, b, c)


def fit_platt(margin: Floats, label: Floats) -> Calibration:
    """Slope and intercept by maximum likelihood, the slope held at 0 or above."""
    design = np.column_stack([np.ones_like(margin), margin])
    c, slope = fit_logistic(design, label, penalty=np.full(2, 1e-6), offset=np.zeros_like(margin))
    return _intercept_only(margin, label) if slope < 0 else Calibration("platt", float(slope), float(slope), float(c))


def fit_beta(margin: Floats, label: Floats) -> Calibration:
    """Two slopes and an intercept by maximum likelihood; falls back to Platt where a slope would be negative."""
    low, high = -np.logaddexp(0.0, -margin), np.logaddexp(0.0, margin)
    design = np.column_stack([np.ones_like(margin), low, high])
    c, a, b = fit_logistic(design, label, penalty=np.array([1e-6, 1e-3, 1e-3]), offset=np.zeros_like(margin))
    return fit_platt(margin, label) if min(a, b) < 0 else Calibration("beta", float(a), float(b), float(c))


def _intercept_only(margin: Floats, label: Floats) -> Calibration:
    return Calibration("platt", 0.0, 0.0, float(log_odds(label.mean())) if margin.size else 0.0)


class Calibrator(Protocol):
    """Whatever turns log-odds into probabilities."""

    def apply(self, margin: Floats, /) -> Floats:
        """Probabilities (n,) of log-odds (n,)."""
        ...


Chosen = TypeVar("Chosen", bound=Calibrator)
Fitters = Mapping[str, Callable[[Floats, Floats], Chosen]]
"""Ways to fit a calibration to log-odds (n,) and labels (n,), by name, the simplest first."""
FITTERS: Fitters[Calibration] = {
    "none": lambda _margin, _label: Calibration(),
    "platt": fit_platt,
    "beta": fit_beta,
}


def choose_calibration(margin: Floats, label: Floats) -> Calibration:
    """None, Platt or beta, whatever `choose_among` prefers."""
    return choose_among(FITTERS, margin, label)


def choose_among(fitters: Fitters[Chosen], margin: Floats, label: Floats, *, later: bool = False) -> Chosen:
    """The method with the lowest log loss on rows it did not see, fitted again on all of them.

    Parameters: `margin` (n,) and `label` (n,) of validation rows; of fewer than `FEWEST` of either label the simplest
    is taken; `later`, whether they stand in order of time: then the first half calibrates and the second judges, else
    two halves, every other row, judge each other.
    """
    best, *others = fitters
    if min(label.sum(), (1 - label).sum()) < FEWEST:
        return fitters[best](margin, label)
    lowest = _held_out_loss(fitters[best], margin, label, later=later)
    for name in others:
        loss = _held_out_loss(fitters[name], margin, label, later=later)
        if loss < lowest * (1 - CONVINCING):
            best, lowest = name, loss
    return fitters[best](margin, label)


def _held_out_loss(fit: Callable[[Floats, Floats], Calibrator], margin: Floats, label: Floats, *, later: bool) -> float:
    place = np.arange(len(label))
    first = place < len(label) // 2 if later else place % 2 == 0
    judged = [~first] if later else [first, ~first]
    scored = [fit(margin[~half], label[~half]).apply(margin[half]) for half in judged]
    return log_loss(np.concatenate([label[half] for half in judged]), np.concatenate(scored))
