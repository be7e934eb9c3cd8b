"""From a table of logged decisions to a policy that is written, valued and applied: the verbs of `tsugi policy`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from decisioning.errors import InvalidInputError
from training.evaluation import PolicyEvaluation, References, evaluate
from training.policy import constant_name
from training.reward_log import Floats
from training.tabular.table import Left, Plan, Roles, TableError, plan_of
from training.uplift.contest import Care, cross_fitted_rewards
from training.uplift.fitting import Fitted, fit_policy, one_hot, references
from training.uplift.lesson import Lesson
from training.uplift.log_columns import LogColumns, TableLog, check_learnable, log_of
from training.uplift.rule import Rule
from training.uplift.stored import StoredPolicy
from training.uplift.suspicion import check_context


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
    check_context(table.log, matrix, [column.name for column in plan.columns])
    fitted = fit_policy(lesson_of(table, matrix, plan), table.log, when=table.when, care=care)
    policy = StoredPolicy(fitted.rule, tuple(table.log.actions), plan, columns, fingerprint(frame))
    return Learned(policy, fitted, table, left)


def lesson_of(table: TableLog, matrix: Floats, plan: Plan) -> Lesson:
    """The log as the learners see it."""
    log = table.log
    categorical = [place for place, column in enumerate(plan.columns) if column.kind == "category"]
    return Lesson(matrix, categorical, log.chosen, log.eligible_probability, log.capped_reward, log.customer_id)


def value_on_table(
    frame: pd.DataFrame, targets: Mapping[str, Any], table: TableLog, *, plan: Plan, care: Care | None = None
) -> PolicyEvaluation:
    """Value policies, each a column of chosen actions (n,), on a log, beside its standard ones.

    The reward model is cross-fitted by customer on this log and knows no target.
    """
    with_, log = care or Care(), table.log
    lesson = lesson_of(table, plan.matrix(frame), plan)
    policies = references(log) | {name: one_hot(chosen, log) for name, chosen in targets.items()}
    return evaluate(
        log,
        policies,
        generator=np.random.default_rng(with_.seed),
        q_hat=cross_fitted_rewards(lesson, with_),
        references=References(constants=tuple(map(constant_name, log.actions)), nothing="always no_action"),
    )


def choose_for_table(frame: pd.DataFrame, policy: StoredPolicy) -> pd.DataFrame:
    """What the policy chooses for each row of a table: action, and its expected gain over the constant action.

    Raises `InvalidInputError` where the table lacks a column of the policy, or has no row.
    """
    if not len(frame):
        raise TableError("the table has no row", code="too_little_data")
    matrix = policy.plan.matrix(frame)
    chosen = policy.rule.choose(matrix)
    return pd.DataFrame({"action": np.array(policy.actions, dtype=object)[chosen], "gain": _gain(policy.rule, matrix)})


def _gain(rule: Rule, matrix: Floats) -> Floats:
    if rule.effects is None:
        return np.zeros(len(matrix))
    effect = rule.effects.predict(matrix)
    found: Floats = effect[np.arange(len(matrix)), rule.choose(matrix)]
    return found


def targets_of(frame: pd.DataFrame, column: str, actions: tuple[str, ...], nothing: str | None) -> Any:
    """The actions that a column names as columns of a log (n,).

    Raises `InvalidInputError` where the column is missing or names an action that the log never chose.
    """
    if column not in frame.columns:
        raise TableError(f"no column {column!r}; the table has: {', '.join(map(str, frame.columns))}", field="target")
    names = frame[column].astype(str).replace({nothing: "no_action"} if nothing else {})
    strange = sorted(set(names) - set(actions))
    if strange:
        raise InvalidInputError(f"the target chooses {strange[0]!r}, which the log never did: it cannot tell its value")
    return names.map(actions.index).to_numpy()


def fingerprint(frame: pd.DataFrame) -> str:
    """A hash of a table's content, 16 hexadecimal digits."""
    rows = pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy()
    named = "\x1f".join(map(str, frame.columns)).encode()
    return hashlib.sha256(named + rows.tobytes()).hexdigest()[:16]
