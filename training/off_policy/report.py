"""All estimators of one policy side by side, each with an interval by customer and one that holds in small samples."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.bootstrap import Estimate
from training.moments import Interval
from training.off_policy.estimator import ESTIMATORS, TERMS
from training.off_policy.replicates import Replicates
from training.off_policy.terms import PolicyTerms
from training.off_policy.weighted_mean import WeightedMean
from training.reward_log import RewardLog

MODEL_LEANING = frozenset({"direct", "switch_doubly_robust", "shrunk_doubly_robust"})
"""Estimators that believe the reward model: small errors, and intervals that are too narrow."""


@dataclass(frozen=True, slots=True)
class Line:
    """One estimator's answer.

    Parameters: `by_customer`, with the bootstrap's interval; `independent`, its own interval (empirical Bernstein;
    SNIPS: normal), of decisions taken as independent; `leans_on_model`, whether its intervals are too narrow.
    """

    by_customer: Estimate | None
    independent: Interval | None
    leans_on_model: bool


def all_estimates(log: RewardLog, terms: PolicyTerms, *, replicates: int = 400, seed: int = 0) -> Mapping[str, Line]:
    """Every estimator's answer, by name."""
    found = {name: estimator(terms) for name, estimator in ESTIMATORS.items()}
    columns = np.column_stack([np.ones_like(terms.weight), terms.weight, *(of(terms) for of in TERMS.values())])
    drawn = Replicates.of(columns, log.customer_id, replicates=replicates, seed=seed)
    below = {name: 1 if isinstance(each, WeightedMean) else 0 for name, each in found.items()}
    return {
        name: Line(drawn.ratio(place, below[name]), found[name].interval(), name in MODEL_LEANING)
        for place, name in enumerate(TERMS, start=2)
    }
