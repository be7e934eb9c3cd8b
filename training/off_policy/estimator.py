"""Every estimator: from terms to an accumulator."""

from collections.abc import Callable, Mapping

from training.moments import Moments
from training.off_policy.terms import LARGEST, SHRINKAGE, PolicyTerms
from training.off_policy.weighted_mean import WeightedMean
from training.reward_log import Floats

Estimator = Moments | WeightedMean


def ips(terms: PolicyTerms) -> Moments:
    """Inverse propensity scoring."""
    return Moments.of(terms.weighted)


def clipped_ips(terms: PolicyTerms, largest: float = LARGEST) -> Moments:
    """IPS with weights cut at `largest`."""
    return Moments.of(terms.clipped(largest))


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


def switch_doubly_robust(terms: PolicyTerms, largest: float = LARGEST) -> Moments:
    """Doubly robust where the weight is at most `largest`, the direct method elsewhere."""
    return Moments.of(terms.switched(largest))


def shrunk_doubly_robust(terms: PolicyTerms, shrinkage: float = SHRINKAGE) -> Moments:
    """Doubly robust with weights drawn in to λw / (w² + λ), λ being the `shrinkage` > 0."""
    return Moments.of(terms.shrunk(shrinkage))


ESTIMATORS: Mapping[str, Callable[[PolicyTerms], Estimator]] = {
    "ips": ips,
    "clipped_ips": clipped_ips,
    "snips": snips,
    "direct": direct,
    "doubly_robust": doubly_robust,
    "switch_doubly_robust": switch_doubly_robust,
    "shrunk_doubly_robust": shrunk_doubly_robust,
}
"""Every estimator by name."""

TERMS: Mapping[str, Callable[[PolicyTerms], Floats]] = {
    "ips": lambda terms: terms.weighted,
    "clipped_ips": lambda terms: terms.clipped(),
    "snips": lambda terms: terms.weighted,
    "direct": lambda terms: terms.expected,
    "doubly_robust": lambda terms: terms.doubly_robust,
    "switch_doubly_robust": lambda terms: terms.switched(),
    "shrunk_doubly_robust": lambda terms: terms.shrunk(),
}
"""Each decision's term (n,) of every estimator: their mean is the value; of `snips`, over the mean weight."""
