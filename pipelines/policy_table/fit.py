"""Learns a policy from a table of logged decisions, lets the gate judge it, and writes what serves."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from decisioning.errors import InvalidInputError
from pipelines.clock import system_clock
from pipelines.exit_code import ExitCode
from pipelines.model_table.file import read_table
from pipelines.policy_table.words import explained
from training.evaluation_report import evaluation_json
from training.uplift.contest import Care
from training.uplift.log_columns import LogColumns
from training.uplift.stored import write_policy
from training.uplift.table_policy import Learned, learn_from_table


@dataclass(frozen=True, slots=True)
class PolicyFit:
    """What was learned and judged. Parameters: `serves`, in words; `explained`, the verdict in plain words."""

    adopted: bool
    serves: str
    version: str
    n_decisions: int
    n_customers: int
    actions: tuple[str, ...]
    context: tuple[str, ...]
    left_out: tuple[str, ...]
    cap: float
    candidates: tuple[dict[str, Any], ...]
    slopes: dict[str, float]
    explained: tuple[str, ...]
    evaluation: dict[str, Any]

    @property
    def exit_code(self) -> ExitCode:
        """0 where the learned policy serves, 10 where the gate refused it and the constant action does."""
        return ExitCode.DONE if self.adopted else ExitCode.REFUSED


def fit_file(file: Path, columns: LogColumns, out: Path, *, seed: int = 0) -> PolicyFit:
    """Learn a policy from a log, let the gate judge it, and write what serves: the whole folder, or nothing of it.

    Raises `InvalidInputError` naming what of the log cannot be used, or where the folder holds something: what may be
    serving is never overwritten.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidInputError(f"{out} holds something already, which may be serving: give another --out", field="out")
    learned = learn_from_table(read_table(file), columns, care=Care(seed=seed))
    told = _summary(learned)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".policy-", dir=out.parent) as aside:
        whole = Path(aside) / "policy"
        version = write_policy(learned.policy, whole, created_at=system_clock(), report=asdict(told))
        whole.rename(out)
    return replace(told, version=version)


def _summary(learned: Learned) -> PolicyFit:
    fitted, log = learned.fitted, learned.table.log
    return PolicyFit(
        adopted=fitted.adopted,
        serves=f"the learned policy ({fitted.winner.learner})"
        if fitted.adopted and fitted.winner
        else _constant(learned),
        version="",
        n_decisions=len(log.chosen),
        n_customers=len(np.unique(log.customer_id)),
        actions=tuple(log.actions),
        context=tuple(column.name for column in learned.policy.plan.columns),
        left_out=tuple(f"{left.column} ({left.reason})" for left in learned.left),
        cap=learned.table.cap,
        candidates=tuple({**asdict(each), "surely": each.gain.surely} for each in fitted.candidates),
        slopes=fitted.slopes,
        explained=explained(fitted),
        evaluation=evaluation_json(fitted.evaluation),
    )


def _constant(learned: Learned) -> str:
    return f"the best constant action: always {learned.policy.constant}"
