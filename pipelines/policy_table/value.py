"""Values policies on a table of logged decisions: a written one, or one whose actions stand in a column."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from pipelines.model_table.file import read_table
from training.tabular.table import NoFeaturesError, Plan, Roles, Say, plan_of
from training.uplift.log_columns import LogColumns, log_of
from training.uplift.stored import read_policy
from training.uplift.suspicion import check_context
from training.uplift.table_policy import Valued, check_target, fingerprint, target_of, value_on_table


@dataclass(frozen=True, slots=True)
class LogValue:
    """A policy's value on a log.

    Parameters: `same_log`, whether the policy was learned from that very log; `has_context`, whether a column told
    decisions apart: without one, the reward model knows an action's mean alone.
    """

    valued: Valued
    same_log: bool = False
    has_context: bool = True


def value_file(file: Path, folder: Path, changes: Mapping[str, str | None], *, say: Say = lambda _: None) -> LogValue:
    """Value a written policy on a log.

    Parameters: `changes`, columns of this log that are named differently from those of the log that taught it; `say`,
    who is told of what in it says nothing to the policy.
    Raises `InvalidInputError` of the log, `ArtifactError` of the policy.
    """
    policy, frame = read_policy(folder), read_table(file)
    named: dict[str, str] = {name: value for name, value in changes.items() if value}
    columns = replace(policy.columns, time=None, context=(), drop=(), **named)  # type: ignore[arg-type] # every change is of a column's name
    table = log_of(frame, columns, actions=policy.actions)
    chosen = policy.rule.choose(policy.plan.matrix(frame, say=say))
    valued = value_on_table(frame, chosen, table, plan=policy.plan, nothing=columns.doing_nothing)
    return LogValue(valued, same_log=fingerprint(frame) == policy.fingerprint)


def value_target(file: Path, columns: LogColumns, target: str) -> LogValue:
    """Value the policy whose actions stand in a column of the log.

    Raises `InvalidInputError` of the log, or of a column of the context that was not known before the action.
    """
    frame = read_table(file)
    check_target(frame, target)
    columns = replace(columns, drop=(*columns.drop, target))
    table = log_of(frame, columns)
    chosen = target_of(frame, target, table.log.actions)
    plan = _plan_of(columns.context_of(frame))
    check_context(table.log, plan.matrix(frame), plan.columns, names=plan.sources)
    return LogValue(value_on_table(frame, chosen, table, plan=plan), has_context=bool(plan.kinds))


def _plan_of(context: pd.DataFrame) -> Plan:
    """How to read the columns to know by; of no column where none is left, for weights alone can value a policy."""
    try:
        return plan_of(context, Roles(label=""))[0]
    except NoFeaturesError:
        return Plan({})
