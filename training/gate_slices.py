"""The gate's bounds of segments: no declared segment may be shown to be worse off than with what serves now.

A segment is one word of a declared feature, or that it is missing. Harm has to be shown: the upper bound of the
segment's paired, capped, doubly robust difference lies below minus the tolerance, at a confidence that is shared among
all the segments (Bonferroni), so that many of them do not refuse a harmless bundle by chance. Of a protected feature
the probabilities must also be right on average in every segment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.bootstrap import Estimate, mean_by_customer
from training.encoding import Floats
from training.figures import with_interval
from training.off_policy.terms import policy_terms
from training.promotion import Check
from training.reward_log import RewardLog

FEWEST = 200
"""Decisions of a segment below which nothing is said of it."""
UNSEEN = f"of no declared segment there are {FEWEST} decisions: nothing is known of how they fare"
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Segment:
    """One word of a feature, and which rows have it (n,)."""

    feature: str
    word: str
    rows: NDArray[np.bool_]

    def __str__(self) -> str:
        return f"{self.feature} = {self.word}"


def segments(features: Any, names: Sequence[str]) -> list[Segment]:
    """The segments of declared features that are large enough to be judged.

    Parameters: `features`, columns (n,) by name, words or None.
    """
    return [each for name in names for each in _of_feature(name, features[name]) if each.rows.sum() >= FEWEST]


def _of_feature(name: str, column: NDArray[Any]) -> Iterator[Segment]:
    words = np.array([MISSING if value is None or value != value else str(value) for value in column.tolist()])
    for word in np.unique(words):
        yield Segment(name, str(word), words == word)


def harm_check(
    log: RewardLog,
    policies: tuple[Floats, Floats],
    found: Sequence[Segment],
    *,
    q_hat: Floats | None,
    tolerance: float,
    confidence: float,
) -> Check:
    """Whether no segment is shown to lose.

    Parameters: `policies`, the candidate's and its reference's matrices (n, n_actions); `tolerance` ≥ 0, money per
    decision that a segment may lose.
    """
    one, other = (policy_terms(log, target, q_hat=q_hat, capped=True).doubly_robust for target in policies)
    shared = 1 - (1 - confidence) / max(len(found), 1)
    gaps = {str(each): _gap(each, one - other, log.customer_id, shared) for each in found}
    lost = {name: gap for name, gap in gaps.items() if gap.high < -tolerance}
    if not lost:
        reason = f"no segment of {len(gaps)} is shown to be worse off" if gaps else UNSEEN
        return Check("slices", passed=True, reason=reason)
    told = "; ".join(f"{name}: {with_interval(gap, signed=True)} per decision" for name, gap in lost.items())
    return Check("slices", passed=False, reason=f"worse off than now: {told}", low=min(g.low for g in lost.values()))


def _gap(segment: Segment, gain: Floats, customers: NDArray[Any], confidence: float) -> Estimate:
    mean, error = mean_by_customer(gain[segment.rows], customers[segment.rows])
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return Estimate(mean, mean - reach, mean + reach)


def fairness_check(
    predicted: Floats, observed: Floats, found: Sequence[Segment], *, most: float, confidence: float
) -> Check:
    """Whether the probabilities (n,) are right on average in every protected segment of the rows (n,).

    Parameters: `observed` (n,), 0 or 1; `most`, how far the mean may be off beyond its noise at this confidence, shared
    among the segments.
    """
    reach = NormalDist().inv_cdf(1 - (1 - confidence) / (2 * max(len(found), 1)))
    off = {str(each): _off(predicted[each.rows], observed[each.rows], reach) for each in found}
    wrong = {name: gap for name, (gap, allowed) in off.items() if abs(gap) > most + allowed}
    if not wrong:
        reason = f"right on average in all {len(off)} protected segments" if off else UNSEEN
        return Check("protected", passed=True, reason=reason)
    told = "; ".join(f"{name}: {gap:+.4f}" for name, gap in wrong.items())
    return Check("protected", passed=False, reason=f"wrong on average, by more than {most:g} and noise: {told}")


def _off(predicted: Floats, observed: Floats, reach: float) -> tuple[float, float]:
    noise = float(np.sqrt((predicted * (1 - predicted)).sum())) / len(predicted)
    return float((predicted - observed).mean()), reach * noise
