"""Applies a written policy to a table."""

from pathlib import Path

from decisioning.errors import InvalidInputError
from pipelines.model_table.file import read_table, write_table
from training.tabular.table import Say
from training.uplift.stored import read_policy
from training.uplift.table_policy import choose_for_table

COLUMNS = ("row", "action", "gain")
"""What is written of every row, behind its customer."""


def choose_file(file: Path, folder: Path, out: Path, *, say: Say = lambda _: None) -> dict[str, int]:
    """Apply a written policy to a table; returns how many rows get each action.

    Parameters: `say`, who is told of what in the table says nothing to the policy.
    Raises `InvalidInputError` where the table lacks a column, `ArtifactError` where the policy was altered.
    """
    policy = read_policy(folder)
    frame = read_table(file)
    chosen = choose_for_table(frame, policy, say=say)
    customer = policy.columns.customer
    beside = [customer] if customer and customer in frame.columns else []
    if set(COLUMNS) & set(beside):
        told = f"the customers' column {beside[0]!r} has the name of one that is written: {', '.join(COLUMNS)}"
        raise InvalidInputError(f"{told}; rename it, for `tsugi policy fit` too", field="file")
    write_table(frame[beside].assign(row=range(1, len(frame) + 1), **chosen), out)
    return {str(action): int(n) for action, n in chosen["action"].value_counts().items()}
