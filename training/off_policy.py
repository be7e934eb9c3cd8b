"""What another policy would have earned, estimated from a log of decisions that were made at random, knowingly.

Each decision of the log was drawn with a known probability π₀(a|x). A target policy π would have drawn the same action
with π(a|x); the importance weight w = π(a|x) / π₀(a|x) says how much the decision speaks for it. The estimators differ
in what they do with w and with a model q̂(x, a) of the reward:

- `ips`, the mean of w·r: right on average, wide (Horvitz and Thompson, 1952);
- `clipped_ips`, the mean of min(w, c)·r: narrower, biased towards 0 (Ionides, 2008);
- `snips`, Σ w·r / Σ w: a little bias, much less noise where w varies (Swaminathan and Joachims, 2015);
- `direct`, the mean of Σ π(a|x)·q̂(x, a): as good as its model, and falsely sure of itself;
- `doubly_robust`, direct plus the mean of w·(r − q̂): right where either the probabilities or the model is right, and as
  narrow as the model is good (Dudík, Langford and Li: Doubly robust policy evaluation and learning, 2011).

Each is an accumulator: `value` (None of nothing), `interval`, and `merge`, which equals one pass over both parts. Their
own intervals take decisions as independent; `training.bootstrap` resamples whole customers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from decisioning.errors import InvalidInputError
from training.moments import Interval, Moments
from training.reward_log import TOLERANCE, Floats, RewardLog, chosen_probability


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """What the estimators see of a log and a target policy; arrays (n,).

    Parameters: `weight`, w; `reward`, r; `expected`, Σ_a π(a|x)·q̂(x, a); `residual`, r − q̂(x, chosen).
    """

    weight: Floats
    reward: Floats
    expected: Floats
    residual: Floats

    @property
    def doubly_robust(self) -> Floats:
        """Each decision's term of the doubly robust mean, (n,)."""
        return self.expected + self.weight * self.residual


def policy_terms(log: RewardLog, target: Floats, *, q_hat: Floats | None = None, capped: bool = False) -> PolicyTerms:
    """Set a target policy π (n, n_actions) against a log that `check_log` accepted.

    Parameters: `q_hat` (n, n_actions), expected rewards from a model that saw none of these customers' rewards and
    nothing of the target (without one: 0, and doubly robust is IPS); `capped` uses the capped rewards.
    Raises `InvalidInputError` where a shape does not fit or the target is not a distribution.
    """
    _check_matrix("target policy", target, log)
    check_distribution(target)
    model = np.zeros_like(target) if q_hat is None else q_hat
    _check_matrix("q_hat", model, log)
    rows = np.arange(len(log.chosen))
    reward = log.capped_reward if capped else log.reward
    expected = np.einsum("na,na->n", target, model)
    weight = target[rows, log.chosen] / chosen_probability(log)
    return PolicyTerms(weight, reward, expected, reward - model[rows, log.chosen])


@dataclass(frozen=True, slots=True)
class WeightedMean:
    """Σ w·r / Σ w from five sums, with the delta method's normal interval.

    Parameters: the sums of w, w·r, w², w²·r and w²·r².
    """

    weight: float = 0.0
    reward: float = 0.0
    squared: float = 0.0
    squared_reward: float = 0.0
    squared_reward_squared: float = 0.0

    @property
    def value(self) -> float | None:
        """The weighted mean; None where no decision speaks for the policy."""
        return self.reward / self.weight if self.weight else None

    def merge(self, other: "WeightedMean") -> "WeightedMean":
        """The weighted mean over both parts."""
        return WeightedMean(
            self.weight + other.weight,
            self.reward + other.reward,
            self.squared + other.squared,
            self.squared_reward + other.squared_reward,
            self.squared_reward_squared + other.squared_reward_squared,
        )

    def interval(self, confidence: float = 0.95) -> Interval | None:
        """The normal interval of the ratio; None where there is no value."""
        value = self.value
        if value is None:
            return None
        noise = self.squared_reward_squared - 2 * value * self.squared_reward + value * value * self.squared
        reach = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(max(noise, 0.0)) / self.weight
        return Interval(value - reach, value + reach)


Estimator = Moments | WeightedMean


def ips(terms: PolicyTerms) -> Moments:
    """Inverse propensity scoring."""
    return Moments.of(terms.weight * terms.reward)


def clipped_ips(terms: PolicyTerms, largest: float = 10.0) -> Moments:
    """IPS with weights cut at `largest`."""
    return Moments.of(np.minimum(terms.weight, largest) * terms.reward)


def snips(terms: PolicyTerms) -> WeightedMean:
    """Self-normalised IPS."""
    w, r = terms.weight, terms.reward
    return WeightedMean(float(w.sum()), float(w @ r), float(w @ w), float((w * w) @ r), float((w * r) @ (w * r)))


def direct(terms: PolicyTerms) -> Moments:
    """The direct method: what the model expects."""
    return Moments.of(terms.expected)


def doubly_robust(terms: PolicyTerms) -> Moments:
    """The direct method, corrected by the weighted residuals."""
    return Moments.of(terms.doubly_robust)


ESTIMATORS: Mapping[str, Callable[[PolicyTerms], Estimator]] = {
    "ips": ips,
    "clipped_ips": clipped_ips,
    "snips": snips,
    "direct": direct,
    "doubly_robust": doubly_robust,
}
"""Every estimator by name."""


def check_distribution(target: Floats) -> None:
    """Refuse a target policy whose rows are not distributions."""
    wrong = ~((np.abs(target.sum(axis=1) - 1) <= TOLERANCE) & (target >= 0).all(axis=1))
    if wrong.any():
        row = int(np.argmax(wrong))
        given = f"row {row} sums to {float(target[row].sum())!r}"
        raise InvalidInputError(f"a target policy needs rows of probabilities that sum to 1; {given}")


def _check_matrix(name: str, matrix: Floats, log: RewardLog) -> None:
    wanted = log.eligible_probability.shape
    if matrix.shape != wanted:
        raise InvalidInputError(f"{name} has shape {matrix.shape}; the log needs {wanted}")
    if not np.isfinite(matrix).all():
        raise InvalidInputError(f"{name} has values that are not finite")
