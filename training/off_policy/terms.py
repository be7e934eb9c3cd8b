"""What every estimator sees of a log and a target policy."""

from dataclasses import dataclass

import numpy as np

from decisioning.errors import InvalidInputError
from training.reward_log import TOLERANCE, Floats, RewardLog, chosen_probability

LARGEST = 10.0
"""The weight at which IPS is clipped, and above which Switch-DR believes the model alone."""
SHRINKAGE = 100.0
"""λ of optimistic shrinkage."""


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
    def weighted(self) -> Floats:
        """Each decision's term of the IPS mean, (n,)."""
        return self.weight * self.reward

    def clipped(self, largest: float = LARGEST) -> Floats:
        """The same with weights cut at `largest`."""
        return np.asarray(np.minimum(self.weight, largest) * self.reward)

    @property
    def doubly_robust(self) -> Floats:
        """Each decision's term of the doubly robust mean, (n,)."""
        return self.expected + self.weight * self.residual

    def switched(self, largest: float = LARGEST) -> Floats:
        """The same where the weight is at most `largest`; what the model expects elsewhere."""
        return self.expected + np.where(self.weight <= largest, self.weight, 0.0) * self.residual

    def shrunk(self, shrinkage: float = SHRINKAGE) -> Floats:
        """The same with weights drawn in to λw / (w² + λ), λ being the `shrinkage` > 0."""
        drawn = shrinkage * self.weight / (np.square(self.weight) + shrinkage)
        return np.asarray(self.expected + drawn * self.residual)


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
