"""What variants of a test, or holdout arms, earned: as customers were assigned, whatever was then shown to them.

Money is a decision's reward: what followed, less what showing it cost. What one customer did goes together, so
intervals are by customer; that assignment was fair shows in the sample ratio (Kohavi, Tang and Xu, 2020: Trustworthy
online controlled experiments, chapter 21). Customers that were held out are in no test: nothing was shown to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.special import chdtrc

from decisioning.catalog import HoldoutArms
from decisioning.holdout import ARMS
from decisioning.variant import VariantTest
from features.ledger import Ledger
from features.record import DECISION
from training.bootstrap import Estimate, mean_by_customer
from training.dataset import DecisionLogFrame

Assigned = Mapping[str, Mapping[str, str]]
"""The variants of the decisions of customers who were in any: by decision, by test."""
DECIDED = ARMS[0]
"""The arm of all that is left: next best actions."""


@dataclass(frozen=True, slots=True)
class VariantValue:
    """One variant.

    Parameters: `accepted`, the share of its decisions; `money` per decision, its standard `error`, and how much `more`
    that is than the first variant's (None of the first).
    """

    variant: str
    n_customers: int
    n_decisions: int
    accepted: float
    money: Estimate
    error: float
    more: Estimate | None


@dataclass(frozen=True, slots=True)
class ComparedVariants:
    """One test, its variants by name; or an arm and what was decided beside it.

    Parameters: `sample_ratio`, the probability that chance alone moves customers so far from the shares (None: shares
    of nobody); `n_left_out`, customers who were in several variants: merged, or before another salt.
    """

    test: str
    variants: tuple[VariantValue, ...]
    sample_ratio: float | None
    n_left_out: int


def read_assigned(ledger: Ledger) -> Assigned:
    """The variants that decisions were made in."""
    decisions = (orjson.loads(record.body)["decision"] for record in ledger.records(0, kinds=[DECISION]))
    return {
        each["decision_id"]: each["variants"]
        for each in decisions
        if each.get("variants") and each["arm"] != "hold_out"
    }


def value_of(test: VariantTest, frame: DecisionLogFrame, assigned: Assigned, *, confidence: float) -> ComparedVariants:
    """What each variant earned, on the decisions of a frame that were made under the test.

    Parameters: `confidence` of the intervals, such as 0.95.
    """
    variant = np.array([assigned.get(each, {}).get(test.name, "") for each in frame.decision_id], dtype=object)
    return _compared(test.name, dict(sorted(test.shares.items())), frame, variant, confidence=confidence)


def value_of_arms(arms: HoldoutArms, frame: DecisionLogFrame, *, confidence: float) -> list[ComparedVariants]:
    """What deciding earned beside each alternative that a share of the customers is held to.

    Parameters: as of `value_of`.
    """
    rest = 1.0 - sum(arms.shares.values())
    shares = {name: share for name, share in arms.shares.items() if share > 0}
    return [
        _compared(name, {name: share, DECIDED: rest}, frame, frame.arm, confidence=confidence)
        for name, share in shares.items()
    ]


def _compared(
    name: str, shares: Mapping[str, float], frame: DecisionLogFrame, variant: NDArray[Any], *, confidence: float
) -> ComparedVariants:
    """Some variants beside the first of them. Parameters: `variant` of each decision of the frame."""
    variant = np.where(np.isin(variant, list(shares)), variant, "")
    several = _in_several(frame.customer_id, variant)
    stays = ~np.isin(frame.customer_id.astype(str), several)
    parts = {name: frame.take(np.flatnonzero(stays & (variant == name))) for name in shares}
    counts = {each: len(set(part.customer_id)) for each, part in parts.items()}
    found = list[VariantValue]()
    for each, part in parts.items():
        if len(part):
            found.append(_valued(each, part, found[0] if found else None, confidence=confidence))
    return ComparedVariants(name, tuple(found), _sample_ratio(counts, shares), len(several))


def _valued(name: str, part: DecisionLogFrame, first: VariantValue | None, *, confidence: float) -> VariantValue:
    """One variant. Parameters: `part` of the log that is its; `first` of the variants, unless this is it."""
    customers, z = part.customer_id.astype(str), NormalDist().inv_cdf((1 + confidence) / 2)
    mean, error = mean_by_customer(part.reward, customers)
    more = None
    if first is not None:
        more = _within(mean - first.money.value, sqrt(error**2 + first.error**2), z=z)
    accepted, n_customers = float(part.accepted.mean()), len(set(customers))
    return VariantValue(name, n_customers, len(part), accepted, _within(mean, error, z=z), error, more)


def _in_several(customers: NDArray[Any], variant: NDArray[Any]) -> list[str]:
    """The customers with decisions in more than one variant."""
    pairs = {(str(who), name) for who, name in zip(customers, variant, strict=True) if name}
    who, times = np.unique([each for each, _ in pairs], return_counts=True)
    found: list[str] = who[times > 1].tolist()
    return found


def _within(mean: float, error: float, *, z: float) -> Estimate:
    return Estimate(mean, mean - z * error, mean + z * error)


def _sample_ratio(counts: Mapping[str, int], shares: Mapping[str, float]) -> float | None:
    """The chi-square test of the customers in each variant against its share."""
    wanted = {name: share for name, share in shares.items() if share > 0}
    n = sum(counts[name] for name in wanted)
    if not n or len(wanted) < 2:
        return None
    expected = {name: n * share / sum(wanted.values()) for name, share in wanted.items()}
    statistic = sum((counts[name] - mean) ** 2 / mean for name, mean in expected.items())
    return float(chdtrc(len(wanted) - 1, statistic))
