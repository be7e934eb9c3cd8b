"""Values any policy on any logged table."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decisioning.errors import InvalidInputError
from pipelines.policy_table.log_report import page_of, print_report
from pipelines.policy_table.value import LogValue, value_file, value_target
from pipelines.report_page import write_page
from training.tabular.table import Say
from training.uplift.log_columns import LogColumns


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be valued on a table of one's own.

    Parameters: `columns` by what they say (action, probability, reward, customer); `context`, the columns to know by
    (default: every other one but those to `drop`); and either the folder of a `policy`, or the `target` column, which
    names the actions of the policy.
    """

    log: Path
    columns: Mapping[str, str | None]
    context: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    policy: Path | None = None
    target: str | None = None


def evaluate_table(asked: Asked, *, html: Path | None, as_json: bool, say: Say = lambda _: None) -> None:
    """Print what a policy is worth on any logged table, and write the page where one is asked for.

    Parameters: `say`, who is told of what in the log says nothing to a written policy.
    Raises `InvalidInputError` where not exactly one policy is named, or a column is not.
    """
    found = _valued(asked, say)
    print_report(found, as_json=as_json)
    if html:
        write_page(page_of(found), html)


def _valued(asked: Asked, say: Say) -> LogValue:
    if (asked.policy is None) == (asked.target is None):
        raise InvalidInputError("with --log, name either --policy or --target-column", field="policy")
    if asked.policy is not None:
        return value_file(asked.log, asked.policy, asked.columns, say=say)
    missing = [name for name in ("action", "probability", "reward") if not asked.columns[name]]
    if missing or asked.target is None:
        raise InvalidInputError(f"with --target-column, name --{missing[0]} too", field=missing[0])
    named: dict[str, Any] = {name: column for name, column in asked.columns.items() if column}
    return value_target(asked.log, LogColumns(**named, context=asked.context, drop=asked.drop), asked.target)
