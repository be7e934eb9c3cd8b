"""What each policy is worth on a log it did not make, beside what it must beat.

Every policy gets IPS, SNIPS and doubly robust values of raw and capped rewards, each with a bootstrap interval, the
overlap that says whether they may be believed, and *paired* differences (capped, doubly robust) to the references:
the best constant action, doing nothing, and the champion. Paired differences are far narrower than the values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import NDArray

from decisioning.errors import InvalidInputError, NotFoundError
from training.bootstrap import Estimate, customer_totals, estimate, replicate_totals, smallest_detectable
from training.off_policy.terms import policy_terms
from training.overlap import Overlap, overlap
from training.policy import NOTHING
from training.reward_log import Floats, RewardLog, check_log

REGISTERED_CONSTANT = "best constant action of the training part"
HINDSIGHT_CONSTANT = "best constant action of the evaluated part"
DOING_NOTHING = "doing nothing"
CHAMPION = "champion"

_COLUMNS = 6
"""Per policy: w, w·r, DR term of r; then the same r capped: w·r, DR term; and 1, which counts decisions."""


@dataclass(frozen=True, slots=True)
class References:
    """The names of the policies that others are compared with.

    Parameters: `constants`, all constant policies, of which the best on the evaluated part is found; `registered`, the
    one that was best on the training part; `champion`, the policy that serves now, where there is one.
    """

    constants: tuple[str, ...] = ()
    registered: str | None = None
    champion: str | None = None
    nothing: str = NOTHING


@dataclass(frozen=True, slots=True)
class Settings:
    """How carefully to look.

    Parameters: `confidence` of the intervals; `replicates` of the bootstrap, at least; `least_effective` sample size.
    """

    confidence: float = 0.95
    replicates: int = 400
    least_effective: float = 100.0

    @property
    def drawn(self) -> int:
        """Replicates: the outermost of B have a tail of 1 / (B + 1) behind them, and intervals reach no further.

        >>> Settings().drawn, Settings(confidence=0.999).drawn
        (400, 2000)
        """
        return max(self.replicates, ceil(2 / (1 - self.confidence)))


@dataclass(frozen=True, slots=True)
class Values:
    """The estimates of one policy's money per decision; SNIPS is None where no decision speaks for it."""

    ips: Estimate
    snips: Estimate | None
    doubly_robust: Estimate


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference to a reference policy, in capped money per decision, and what could have been detected."""

    reference: str
    estimate: Estimate
    smallest_detectable: float


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """One row of the table: values of raw and capped rewards, overlap, and differences by role of the reference."""

    raw: Values
    capped: Values
    overlap: Overlap
    differences: Mapping[str, Difference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicyEvaluation:
    """The whole table: what was looked at, and every policy's row by name."""

    n_decisions: int
    n_customers: int
    confidence: float
    replicates: int
    references: Mapping[str, str]
    policies: Mapping[str, PolicyValue]


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums of one policy's columns: over the log (6,), and in each replicate (B, 6)."""

    point: Floats
    replicates: Floats

    def mean(self, column: int, confidence: float) -> Estimate:
        return estimate(self.point[column] / self.point[-1], self.means(column), confidence)

    def means(self, column: int) -> Floats:
        means: Floats = self.replicates[:, column] / self.replicates[:, -1]
        return means

    def ratio(self, column: int, confidence: float) -> Estimate | None:
        if not self.point[0]:
            return None
        spoke = self.replicates[self.replicates[:, 0] > 0]
        return estimate(self.point[column] / self.point[0], spoke[:, column] / spoke[:, 0], confidence)


def evaluate(
    log: RewardLog,
    policies: Mapping[str, Floats],
    *,
    generator: np.random.Generator,
    q_hat: Floats | None = None,
    references: References | None = None,
    settings: Settings | None = None,
) -> PolicyEvaluation:
    """Value target policies (each (n, n_actions)) on a log.

    Parameters: `generator` draws the bootstrap; `q_hat` (n, n_actions) from a model that saw none of these customers'
    rewards, or none of this time's, and nothing of the candidate (`training.reward_model`); `references` name policies.
    Raises `InvalidInputError` of an unusable or empty log, `NotFoundError` of a reference that is not a policy.
    """
    with_, named = settings or Settings(), references or References()
    check_log(log)
    if not len(log.chosen) or not policies:
        raise InvalidInputError(
            f"nothing to evaluate: {len(log.chosen)} decisions, {len(policies)} policies", code="too_little_data"
        )
    sums, overlaps, n_customers = _sum_up(log, policies, q_hat, generator, with_)
    roles = _roles(named, sums)
    rows = {name: _row(name, sums, overlaps[name], roles, with_.confidence) for name in policies}
    return PolicyEvaluation(len(log.chosen), n_customers, with_.confidence, with_.drawn, roles, rows)


def _sum_up(
    log: RewardLog,
    policies: Mapping[str, Floats],
    q_hat: Floats | None,
    generator: np.random.Generator,
    settings: Settings,
) -> tuple[dict[str, _Sums], dict[str, Overlap], int]:
    columns, overlaps = [], {}
    for name, target in policies.items():
        terms, capped = (policy_terms(log, target, q_hat=q_hat, capped=cut) for cut in (False, True))
        overlaps[name] = overlap(log, target, terms, least_effective=settings.least_effective)
        w = terms.weight
        money = (w * terms.reward, terms.doubly_robust, w * capped.reward, capped.doubly_robust)
        columns += [w, *money, np.ones_like(w)]
    totals = customer_totals(np.stack(columns, axis=1), log.customer_id)
    drawn = replicate_totals(totals, replicates=settings.drawn, generator=generator)
    return _by_policy(list(policies), totals.sum(axis=0), drawn), overlaps, len(totals)


def _by_policy(names: list[str], point: Floats, drawn: Floats) -> dict[str, _Sums]:
    places = [slice(start, start + _COLUMNS) for start in range(0, len(names) * _COLUMNS, _COLUMNS)]
    return {name: _Sums(point[place], drawn[:, place]) for name, place in zip(names, places, strict=True)}


def _roles(references: References, sums: Mapping[str, _Sums]) -> dict[str, str]:
    hindsight = [name for name in references.constants if name in sums]
    named = {
        REGISTERED_CONSTANT: references.registered,
        HINDSIGHT_CONSTANT: max(hindsight, key=lambda name: sums[name].point[4]) if hindsight else None,
        DOING_NOTHING: references.nothing if references.nothing in sums else None,
        CHAMPION: references.champion,
    }
    roles = {role: name for role, name in named.items() if name is not None}
    for role, name in roles.items():
        if name not in sums:
            raise NotFoundError(f"the {role} is not among the policies: {name}; given: {', '.join(sums)}")
    return roles


def _row(
    name: str, sums: Mapping[str, _Sums], covered: Overlap, roles: Mapping[str, str], confidence: float
) -> PolicyValue:
    own = sums[name]
    raw, capped = (
        Values(own.mean(money, confidence), own.ratio(money, confidence), own.mean(money + 1, confidence))
        for money in (1, 3)
    )
    gaps = {role: _difference(own, sums[other], other, confidence) for role, other in roles.items()}
    return PolicyValue(raw, capped, covered, gaps)


def _difference(own: _Sums, other: _Sums, reference: str, confidence: float) -> Difference:
    replicates: NDArray[np.float64] = own.means(4) - other.means(4)
    value = (own.point[4] - other.point[4]) / own.point[-1]
    return Difference(reference, estimate(value, replicates, confidence), smallest_detectable(replicates, confidence))
