"""From a table of logged decisions to a policy that is written, valued and applied: the verbs of `tsugi policy`."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from training.evaluation import PolicyEvaluation, References, evaluate
from training.off_policy.report import Line, all_estimates
from training.off_policy.terms import policy_terms
from training.policy import constant_name
from training.reward_log import Floats, LoggedRewards
from training.tabular.cells import names
from training.tabular.table import Left, Plan, Roles, Say, TableError, plan_of
from training.uplift.contest import Care, cross_fitted_rewards
from training.uplift.fitting import Fitted, fit_policy, one_hot, references
from training.uplift.lesson import Lesson
from training.uplift.log_columns import LogColumns, TableLog, check_learnable, log_of, refuse_rows
from training.uplift.rule import Rule
from training.uplift.stored import StoredPolicy
from training.uplift.suspicion import check_context

POLICY = "policy"
"""What the policy that is valued is called among the others."""


@dataclass(frozen=True)
class Learned:
    """A policy that was learned from a table, with all that is to be told of it."""

    policy: StoredPolicy
    fitted: Fitted
    table: TableLog
    left: tuple[Left, ...]


def learn_from_table(frame: pd.DataFrame, columns: LogColumns, *, care: Care | None = None) -> Learned:
    """Learn and judge a policy from any table of logged decisions.

    Raises `InvalidInputError` naming the column where a probability is missing or impossible, where there is too little
    to learn from, or where a column of the context was not known before the action.
    """
    table = log_of(frame, columns)
    check_learnable(table.log)
    context = columns.context_of(frame)
    plan, left = plan_of(context, Roles(label=""))
    matrix = plan.matrix(context)
    check_context(table.log, matrix, plan.columns, names=plan.sources)
    lesson = lesson_of(table, matrix, plan)
    fitted = fit_policy(lesson, table.log, when=table.when, care=care, nothing=columns.doing_nothing)
    policy = StoredPolicy(fitted.rule, tuple(table.log.actions), plan, columns, fingerprint(frame))
    return Learned(policy, fitted, table, left)


def lesson_of(table: TableLog, matrix: Floats, plan: Plan) -> Lesson:
    """The log as the learners see it."""
    log = table.log
    categorical = [place for place, column in enumerate(plan.columns) if column.kind == "category"]
    return Lesson(matrix, categorical, log.chosen, log.eligible_probability, log.capped_reward, log.customer_id)


@dataclass(frozen=True, slots=True)
class Valued:
    """What a policy is worth on a log.

    Parameters: `evaluation`, beside the standard policies; `estimates`, every estimator's answer for the policy itself;
    `weight` (n,), how much each decision speaks for it; `untold`, actions that the log never chose, with the share of
    decisions for which the policy does.
    """

    evaluation: PolicyEvaluation
    estimates: Mapping[str, Line]
    weight: Floats
    untold: Mapping[str, float] = field(default_factory=dict)


def value_on_table(
    frame: pd.DataFrame,
    chosen: NDArray[np.int64],
    table: TableLog,
    *,
    plan: Plan,
    nothing: str = NO_ACTION,
    care: Care | None = None,
) -> Valued:
    """Value a policy, given as a column of the log for each decision (n,), beside the standard ones.

    The reward model is cross-fitted by customer on this log and knows nothing of the policy. Parameters: `nothing`, the
    action that means to do nothing.
    """
    with_, log = care or Care(), table.log
    q_hat = cross_fitted_rewards(lesson_of(table, plan.matrix(frame), plan), with_)
    target, untold = one_hot(chosen, log), _untold(chosen, log)
    beside = {name: policy for name, policy in references(log).items() if name not in map(constant_name, untold)}
    evaluation = evaluate(
        log,
        beside | {POLICY: target},
        generator=np.random.default_rng(with_.seed),
        q_hat=q_hat,
        references=References(tuple(map(constant_name, log.actions)), nothing=constant_name(nothing)),
    )
    terms = policy_terms(log, target, q_hat=q_hat)
    return Valued(evaluation, all_estimates(log, terms, seed=with_.seed), terms.weight, untold)


def _untold(chosen: NDArray[np.int64], log: LoggedRewards) -> dict[str, float]:
    never = [column for column in range(len(log.actions)) if not (log.chosen == column).any()]
    return {log.actions[column]: float((chosen == column).mean()) for column in never}


def choose_for_table(frame: pd.DataFrame, policy: StoredPolicy, *, say: Say = lambda _: None) -> pd.DataFrame:
    """What the policy chooses for each row of a table: action, and its expected gain over the constant action.

    Parameters: `say`, who is told of what in the table says nothing to the policy.
    Raises `InvalidInputError` where the table lacks a column of the policy, or has no row.
    """
    if not len(frame):
        raise TableError("the table has no row", code="too_little_data")
    matrix = policy.plan.matrix(frame, say=say)
    chosen = policy.rule.choose(matrix)
    return pd.DataFrame({"action": np.array(policy.actions, dtype=object)[chosen], "gain": _gain(policy.rule, matrix)})


def _gain(rule: Rule, matrix: Floats) -> Floats:
    if rule.effects is None:
        return np.zeros(len(matrix))
    effect = rule.effects.predict(matrix)
    found: Floats = effect[np.arange(len(matrix)), rule.choose(matrix)]
    return found


def check_target(frame: pd.DataFrame, column: str) -> None:
    """Raise `TableError` where the column that names a policy's actions is not there."""
    if column not in frame.columns:
        listed = ", ".join(map(str, frame.columns))
        raise TableError(f"no column {column!r}; the table has: {listed}", code="unknown_column", field="target_column")


def target_of(frame: pd.DataFrame, column: str, actions: Sequence[str]) -> NDArray[np.int64]:
    """The actions that a column names, as columns of a log (n,).

    Raises `InvalidInputError` where the column is missing, names none, or one that the log never chose.
    """
    check_target(frame, column)
    named = names(frame[column])
    refuse_rows(named.isna().to_numpy(), frame[column], "names no action")
    strange = sorted(set(named) - set(actions))
    if strange:
        told = f"column {column!r} names {strange[0]!r}, which the log never chose: it cannot tell what that is worth"
        raise TableError(told, code="no_support", field="target_column")
    return named.map(list(actions).index).to_numpy(dtype=np.int64)


def fingerprint(frame: pd.DataFrame) -> str:
    """A hash of a table's content, 16 hexadecimal digits."""
    rows = pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy()
    named = "\x1f".join(map(str, frame.columns)).encode()
    return hashlib.sha256(named + rows.tobytes()).hexdigest()[:16]
