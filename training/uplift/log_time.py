"""When each decision of a log was: moments that can be compared, or an error that says why none are."""

import numpy as np
import pandas as pd

from training.reward_log import Floats, LoggedRewards
from training.tabular.cells import names
from training.tabular.table import TableError
from training.tabular.when import every_moment

FEWEST_EARLIER = 25
"""Decisions of an action that must lie before those that judge: half of what the whole log needs."""


def times_of(frame: pd.DataFrame, column: str) -> Floats:
    """The moments (n,) of a log's decisions.

    Raises `TableError` where a cell is no moment, or all of them are the same: then no part is later than another.
    """
    when = every_moment(frame[column])
    if when.min() == when.max():
        same = f"column {column!r} says {names(frame[column]).iloc[0]!r} in every row"
        raise TableError(f"{same}: no decision is later than another; leave --time out", code="one_time", field="time")
    return when


def check_earlier(log: LoggedRewards) -> None:
    """Raise `TableError` where an action has too few decisions before those that judge: nothing is learned of it."""
    counts = np.bincount(log.chosen, minlength=len(log.actions))
    rare = int(counts.argmin())
    if counts[rare] < FEWEST_EARLIER:
        told = f"{log.actions[rare]!r} was chosen {counts[rare]:,} times in the {len(log.chosen):,} earlier decisions"
        raise TableError(
            f"{told}, which teach what the later ones judge; {FEWEST_EARLIER} are needed", code="too_little_data"
        )
