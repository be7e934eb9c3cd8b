"""Values policies on a table of logged decisions: a written one, or one whose actions stand in a column."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.model_table.file import read_table
from training.evaluation import PolicyEvaluation
from training.tabular.table import Roles, plan_of
from training.uplift.log_columns import LogColumns, log_of
from training.uplift.stored import read_policy
from training.uplift.table_policy import fingerprint, targets_of, value_on_table

POLICY = "policy"


@dataclass(frozen=True, slots=True)
class PolicyValued:
    """A policy's value on a log. Parameters: `same_log`, whether the policy was learned from that very log."""

    evaluation: PolicyEvaluation
    same_log: bool


def value_file(file: Path, folder: Path, changes: dict[str, Any]) -> PolicyValued:
    """Value a written policy on a log.

    Parameters: `changes`, columns of this log that are named differently from those of the log that taught it.
    Raises `InvalidInputError` of the log, `ArtifactError` of the policy.
    """
    policy = read_policy(folder)
    frame = read_table(file)
    columns = replace(policy.columns, **{name: value for name, value in changes.items() if value})
    table = log_of(frame, columns, actions=policy.actions)
    chosen = policy.rule.choose(policy.plan.matrix(frame))
    evaluation = value_on_table(frame, {POLICY: chosen}, table, plan=policy.plan)
    return PolicyValued(evaluation, fingerprint(frame) == policy.fingerprint)


def value_target(file: Path, columns: LogColumns, target: str) -> PolicyEvaluation:
    """Value the policy whose actions stand in a column of the log. Raises `InvalidInputError`."""
    frame = read_table(file)
    table = log_of(frame, columns)
    context = columns.context_of(frame.drop(columns=[target], errors="ignore"))
    plan, _ = plan_of(context, Roles(label=""))
    chosen = targets_of(frame, target, tuple(table.log.actions), columns.nothing)
    return value_on_table(frame, {POLICY: chosen}, table, plan=plan)
