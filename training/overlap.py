"""Whether a log can speak for a policy at all: effective sample size, largest weight, support.

An estimate from an effective sample of 2 in 10,000 looks like any other number; these figures say not to use it.
"""

from dataclasses import dataclass

import numpy as np

from training.off_policy.terms import PolicyTerms
from training.reward_log import Floats, RewardLog

MOST_UNSUPPORTED = 0.01
"""At most this share of a policy may lie on actions that the log could not have taken."""
MOST_OF_ONE = 0.1
"""At most this share of all weight may lie on one decision."""
MOST_DRIFT = 5.0
"""At most so many standard errors may the mean weight be from what the stated probabilities imply."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How well the logging policy covers a target policy.

    Parameters: `effective_sample_size`, (Σw)² / Σw² in decisions (Kong, 1992); `largest_weight`; `mean_weight`, near
    1 where probabilities are true; `unsupported`, the policy's share on actions of probability 0; `problems`, why the
    estimate is unusable, in plain words.
    """

    n_decisions: int
    effective_sample_size: float
    largest_weight: float
    mean_weight: float
    unsupported: float
    problems: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether an estimate of this policy from this log may be acted on."""
        return not self.problems


def overlap(log: RewardLog, target: Floats, terms: PolicyTerms, *, least_effective: float = 100.0) -> Overlap:
    """Diagnose a target policy (n, n_actions) against the log; at least `least_effective` decisions must speak."""
    weight = terms.weight
    unsupported = float(np.where(log.eligible_probability > 0, 0.0, target).sum(axis=1).mean())
    problems = (
        *weight_problems(weight, least_effective=least_effective),
        _no_support(unsupported),
        drifted(weight, 1 - unsupported),
    )
    told = tuple(problem for problem in problems if problem)
    largest, mean = float(weight.max()), float(weight.mean())
    return Overlap(len(weight), effective_size(weight), largest, mean, unsupported, told)


def effective_size(weight: Floats) -> float:
    """(Σw)² / Σw², how many decisions (n,) of equal weight would tell as much; 0 where none speaks."""
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def weight_problems(weight: Floats, *, least_effective: float = 100.0, what: str = "decision") -> tuple[str, ...]:
    """Why so few weights (n,) cannot be believed, in plain words. Parameters: `what` each of them belongs to."""
    problems = (_too_few(weight, least_effective, what), _one_decides(weight, what))
    return tuple(problem for problem in problems if problem)


def _too_few(weight: Floats, least: float, what: str) -> str:
    effective = effective_size(weight)
    text = f"effective sample of {effective:,.0f} in {len(weight):,} {what}s; {least:,.0f} needed"
    return text if effective < least else ""


def _one_decides(weight: Floats, what: str) -> str:
    total = float(weight.sum())
    share = float(weight.max()) / total if total else 1.0
    return f"one {what} carries {share:.0%} of all weight; {MOST_OF_ONE:.0%} allowed" if share > MOST_OF_ONE else ""


def _no_support(unsupported: float) -> str:
    text = f"{unsupported:.1%} of the policy lies on actions the log could not take; {MOST_UNSUPPORTED:.0%} allowed"
    return text if unsupported > MOST_UNSUPPORTED else ""


def drifted(weight: Floats, expected: float) -> str:
    """Why weights (n,) cannot be true, in plain words; "" where they average what is expected."""
    error = float(weight.std()) / np.sqrt(len(weight))
    mean = float(weight.mean())
    text = (
        f"weights average {mean:.3f} where {expected:.3f} is expected: the logged probabilities are wrong, "
        "or the policy takes what the log explored too rarely"
    )
    return text if abs(mean - expected) > MOST_DRIFT * error + 1e-6 else ""
