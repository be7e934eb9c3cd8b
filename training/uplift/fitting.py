"""From a log to a policy that may serve: learn, choose, let the gate judge, and keep the constant where it refuses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from training.bootstrap import Estimate
from training.evaluation import PolicyEvaluation, References, evaluate
from training.policy import LOGGING, UNIFORM, constant_name, uniform
from training.promotion import CANDIDATE, Verdict, judge
from training.reward_log import Floats, LoggedRewards, RewardLog
from training.uplift.contest import (
    BLEND,
    Candidate,
    Care,
    Evidence,
    bagged,
    candidates,
    gather,
    honest_choice,
    rewards_of,
    surest,
)
from training.uplift.effects import Effects, average
from training.uplift.learner import LEARNERS
from training.uplift.lesson import Lesson
from training.uplift.log_time import check_earlier
from training.uplift.rule import Rule

LATER = 1 / 3
"""Of a log in order of time, the last part, which judges what the part before it taught."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was learned, and what the gate says of it.

    Parameters: `rule`, what may serve: the learned one, or the constant; `winner`, the candidate that was judged, None
    where none was sure of a gain; `candidates`, all of them; `evaluation` and `verdict` of the winner; `judged_on`;
    `evidence`, what the candidates were chosen by.
    """

    rule: Rule
    winner: Candidate | None
    candidates: Sequence[Candidate]
    slopes: dict[str, float]
    evaluation: PolicyEvaluation
    verdict: Verdict
    judged_on: str
    evidence: Evidence

    @property
    def adopted(self) -> bool:
        """Whether the learned policy may serve."""
        return self.rule.effects is not None

    @property
    def gain(self) -> Estimate:
        """The candidate's paired gain over the best constant action of the judged part."""
        differences = self.evaluation.policies[CANDIDATE].differences
        return min((gap.estimate for role, gap in differences.items() if "constant" in role), key=lambda gap: gap.low)


def fit_policy(
    lesson: Lesson,
    log: LoggedRewards,
    *,
    when: Floats | None = None,
    care: Care | None = None,
    nothing: str = NO_ACTION,
) -> Fitted:
    """Learn a policy and judge it.

    Parameters: `lesson` and `log`, two views of the same decisions; `when` (n,), comparable moments: with them the last
    third judges what the earlier part taught; without, each customer is judged by what the others taught; `nothing`,
    the action that means to do nothing. Raises `InvalidInputError` where too little lies before the last third.
    """
    with_ = care or Care()
    if when is None:
        return _judged_across(lesson, log, with_, nothing)
    later = when > np.quantile(when, 1 - LATER, method="lower")
    if not later.any():
        later = when == when.max()
    check_earlier(log.part(~later))
    return _judged_later(lesson, log, later, with_, nothing)


def _judged_across(lesson: Lesson, log: LoggedRewards, care: Care, nothing: str) -> Fitted:
    evidence = gather(lesson, care)
    policies = references(log) | {CANDIDATE: one_hot(honest_choice(evidence), log)}
    evaluation = _evaluated(log, policies, evidence.q_hat, care, _named(log, nothing))
    return _outcome(lesson, evidence, evaluation, care, "customers that it had not seen, in turns")


def _judged_later(lesson: Lesson, log: LoggedRewards, later: NDArray[np.bool_], care: Care, nothing: str) -> Fitted:
    earlier = lesson.take(~later)
    evidence = gather(earlier, care)
    winner = surest(tuple(candidates(evidence, _all(evidence))))
    rule = Rule(evidence.constant) if winner is None else learned_rule(earlier, evidence, winner, care)
    after = log.part(later)
    policies = references(after) | {CANDIDATE: one_hot(rule.choose(lesson.matrix[later]), after)}
    q_hat = rewards_of(earlier, care.seed)(lesson.matrix[later])
    named = replace(_named(log, nothing), registered=constant_name(log.actions[evidence.constant]))
    evaluation = _evaluated(after, policies, q_hat, care, named)
    return _outcome(earlier, evidence, evaluation, care, f"the later {int(later.sum()):,} decisions", rule=rule)


def _named(log: LoggedRewards, nothing: str) -> References:
    return References(tuple(map(constant_name, log.actions)), nothing=constant_name(nothing))


def _evaluated(
    log: LoggedRewards, policies: dict[str, Floats], q_hat: Floats, care: Care, named: References
) -> PolicyEvaluation:
    return evaluate(log, policies, generator=np.random.default_rng(care.seed), q_hat=q_hat, references=named)


def _outcome(
    lesson: Lesson,
    evidence: Evidence,
    evaluation: PolicyEvaluation,
    care: Care,
    where: str,
    *,
    rule: Rule | None = None,
) -> Fitted:
    found = tuple(candidates(evidence, _all(evidence)))
    winner, verdict = surest(found), judge(evaluation)
    served = Rule(evidence.constant)
    if verdict.promoted and winner is not None:
        served = rule or learned_rule(lesson, evidence, winner, care)
    slopes = {name: found.slope for name, found in evidence.calibrations(_all(evidence)).items()}
    return Fitted(served, winner, found, slopes, evaluation, verdict, where, evidence)


def _all(evidence: Evidence) -> NDArray[np.bool_]:
    return np.ones(len(evidence.fold), dtype=bool)


def learned_rule(lesson: Lesson, evidence: Evidence, winner: Candidate, care: Care) -> Rule:
    """Fit the winner on every decision of the lesson, drawn in as the evidence says."""
    by = evidence.calibrations(_all(evidence))
    names = list(by) if winner.learner == BLEND else [winner.learner]
    parts: list[Effects] = [
        by[name].of_effects(bagged(LEARNERS[name], lesson, evidence.constant, care)) for name in names
    ]
    return Rule(evidence.constant, average(parts), winner.margin)


def references(log: RewardLog) -> dict[str, Floats]:
    """What every candidate is shown beside: uniform, the logging policy, and each action to everybody."""
    everybody = {
        constant_name(action): one_hot(np.full(len(log.chosen), column), log)
        for column, action in enumerate(log.actions)
    }
    return {UNIFORM: uniform(log), LOGGING: log.eligible_probability, **everybody}


def one_hot(chosen: NDArray[np.int64], log: RewardLog) -> Floats:
    """The policy that takes these columns (n,), as probabilities (n, n_actions)."""
    policy: Floats = np.eye(len(log.actions))[chosen]
    return policy
