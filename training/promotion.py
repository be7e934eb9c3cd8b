"""The gate: whether a candidate may serve.

A candidate serves only if the 95 % lower bound of its paired, capped, doubly robust gain is

- above zero against the best constant action,
- above zero against doing nothing, and
- not below minus the workspace's margin against the champion,

and if it keeps the bounds of calibration, segments, latency and size (`training.gate_bounds`, `training.gate_slices`).

"The best constant action" hides a choice. Chosen on the training part it is a fair, pre-registered rival, but may be a
weak one; chosen on the evaluated part it profits from hindsight: the best of many noisy values flatters itself. The
candidate must beat *both*, hence the better of the two. That is conservative on purpose: adopting a policy that only
seems better costs money every day, keeping the constant costs what it cost yesterday, and says so.

Refusing is an answer, not a failure. Where no bundle serves, the best constant action (that of the training part)
serves with exploration, which collects the evidence for the next try. Where a champion serves, it stays, unless the
same order for everybody, by what each action earned before, is shown to be better than it on the evaluated part.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from decisioning.errors import InvalidInputError, NotFoundError
from training.evaluation import (
    CHAMPION,
    DOING_NOTHING,
    HINDSIGHT_CONSTANT,
    REGISTERED_CONSTANT,
    Difference,
    PolicyEvaluation,
    PolicyValue,
)
from training.figures import decimals, with_interval

CANDIDATE = "candidate"
SAME_ORDER = "same order for all"
"""The policy of the constant bundle that would serve in place of a champion that is worse."""

_RIVALS = (REGISTERED_CONSTANT, HINDSIGHT_CONSTANT, DOING_NOTHING)

Serve = Literal["candidate", "constant", "champion"]


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of the gate: whether it holds, in words, with its figures (None where it has none)."""

    role: str
    passed: bool
    reason: str
    low: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says.

    Parameters: `serve`, what serves from now on; `constant`, the constant policy to fall back to, where there is one;
    `checks`, every condition in order.
    """

    promoted: bool
    serve: Serve
    constant: str | None
    checks: tuple[Check, ...]
    outcome: str

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in plain words: every condition, then what follows."""
        return (*(check.reason for check in self.checks), self.outcome)


def judge(
    evaluation: PolicyEvaluation,
    *,
    candidate: str = CANDIDATE,
    margin: float = 0.0,
    bounds: Iterable[Check] = (),
) -> Verdict:
    """Decide whether the candidate may serve, and what does where it may not.

    Parameters: `evaluation` with a reference to the constants, to doing nothing where the log knows that, and to the
    champion where one serves;
    `margin` ≥ 0, how much worse than the champion is tolerable, money per decision; `bounds`, further conditions.
    Raises `NotFoundError` where the candidate was not evaluated, `InvalidInputError` of a missing reference or a
    margin below 0.
    """
    row = _candidate(evaluation, candidate, margin)
    checks = (_credible(row), *_superior(row), *_non_inferior(row, margin), *bounds)
    promoted = all(check.passed for check in checks)
    constant = evaluation.references.get(REGISTERED_CONSTANT, evaluation.references.get(HINDSIGHT_CONSTANT))
    if promoted:
        return Verdict(promoted, "candidate", constant, checks, "promoted: the candidate serves")
    serve, outcome = _instead(evaluation, constant)
    return Verdict(promoted, serve, constant, checks, outcome)


def _candidate(evaluation: PolicyEvaluation, candidate: str, margin: float) -> PolicyValue:
    if not margin >= 0:
        raise InvalidInputError(f"the margin must be 0 or more, given {margin}", field="gate.margin")
    if candidate not in evaluation.policies:
        raise NotFoundError(f"no such policy: {candidate}; evaluated: {', '.join(evaluation.policies)}")
    if HINDSIGHT_CONSTANT not in evaluation.references:
        given = ", ".join(evaluation.references) or "none"
        raise InvalidInputError(f"the gate compares with the constant actions; references: {given}")
    return evaluation.policies[candidate]


def _instead(evaluation: PolicyEvaluation, constant: str | None) -> tuple[Serve, str]:
    """What serves where the candidate is refused, and why."""
    best = f"the best constant action ({constant})"
    if CHAMPION not in evaluation.references:
        return "constant", f"refused, and no bundle serves: {best} serves with exploration"
    gap = _credible_gap(evaluation)
    if gap is not None and gap.estimate.low > 0:
        told = f"the champion is worse than the {SAME_ORDER}, by {_figures(gap)}"
        return "constant", f"refused, and {told}: {best} serves with exploration"
    return "champion", "refused: the champion stays"


def _credible_gap(evaluation: PolicyEvaluation) -> Difference | None:
    """How much better than the champion the same order for everybody is; None where the log cannot tell."""
    rows = [evaluation.policies.get(name) for name in (SAME_ORDER, evaluation.references[CHAMPION])]
    told = [row for row in rows if row is not None and row.overlap.usable]
    return told[0].differences[CHAMPION] if len(told) == len(rows) else None


def _credible(row: PolicyValue) -> Check:
    covered = row.overlap
    if not covered.usable:
        return Check("overlap", passed=False, reason=f"the log cannot tell: {'; '.join(covered.problems)}")
    return Check("overlap", passed=True, reason=f"the log can tell: effective sample of {_whole(row)} decisions")


def _whole(row: PolicyValue) -> str:
    return f"{row.overlap.effective_sample_size:,.0f} in {row.overlap.n_decisions:,}"


def _superior(row: PolicyValue) -> list[Check]:
    gaps = {role: row.differences[role] for role in _RIVALS if role in row.differences}
    once = {gap.reference: role for role, gap in reversed(gaps.items())}
    return [_compared(role, gap, gap.estimate.low > 0) for role, gap in gaps.items() if once[gap.reference] == role]


def _compared(role: str, gap: Difference, passed: bool) -> Check:  # noqa: FBT001 - private, and read as a sentence
    what = role if role == DOING_NOTHING else f"the {role} ({gap.reference})"
    verb = "better than" if passed else "not shown to be better than"
    blind = "" if passed else f"; an effect below {_money(gap.smallest_detectable)} would likely go unseen"
    return Check(role, passed, f"{verb} {what}: {_figures(gap)}{blind}", gap.estimate.low)


def _non_inferior(row: PolicyValue, margin: float) -> list[Check]:
    if CHAMPION not in row.differences:
        return []
    gap = row.differences[CHAMPION]
    passed = gap.estimate.low >= -margin
    verb = "no worse than" if passed else "not shown to be no worse than"
    return [Check(CHAMPION, passed, f"{verb} the champion within {_money(margin)}: {_figures(gap)}", gap.estimate.low)]


def _figures(gap: Difference) -> str:
    return f"{with_interval(gap.estimate, signed=True)} per decision"


def _money(amount: float) -> str:
    return f"{amount:.{decimals(amount)}f}"
