"""Columns that cannot have been known before the action: in a log with known probabilities that can be tested.

What was known before cannot differ between the actions once each decision is weighted by 1/π₀: chance alone chose. A
column that does differ was written afterwards (an outcome, left among the context), or the probabilities are wrong.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from training.bootstrap import customer_totals
from training.reward_log import Floats, RewardLog, chosen_probability
from training.tabular.table import TableError

LARGEST_Z = 6.0
"""Standard errors that a column's mean may differ by under an action: by chance once in 500 million."""
SAME_AS_REWARD = 0.95
"""A column that correlates with the reward like this is the reward."""


def check_context(log: RewardLog, matrix: Floats, names: list[str]) -> None:
    """Raise `TableError` (`leak`) naming every column of the context (n, n_columns) that depends on the action."""
    problems = [problem for column, name in enumerate(names) for problem in _problems(log, matrix[:, column], name)]
    if problems:
        advice = "leave it out with --drop, or put the probabilities right"
        raise TableError(f"{'; '.join(problems[:5])}; {advice}", code="leak", field="context")


def _problems(log: RewardLog, values: Floats, name: str) -> Iterator[str]:
    known = np.isfinite(values)
    filled = np.where(known, values, np.mean(values[known]) if known.any() else 0.0)
    if _correlation(filled, log.reward) > SAME_AS_REWARD:
        yield f"the column {name!r} says the reward"
        return
    action, z = max(((a, abs(_z(log, filled, a))) for a in range(len(log.actions))), key=lambda pair: pair[1])
    if z > LARGEST_Z:
        told = f"{z:.0f} standard errors off under {log.actions[action]!r}"
        yield f"the column {name!r} depends on the action ({told}), so it was not known before, or π₀ is wrong"


def _correlation(values: Floats, reward: Floats) -> float:
    spread = values.std() * reward.std()
    return abs(float(np.mean((values - values.mean()) * (reward - reward.mean()))) / spread) if spread else 0.0


def _z(log: RewardLog, values: Floats, action: int) -> float:
    """How many standard errors the weighted mean under an action is from the mean of all, by customer."""
    weight: NDArray[np.float64] = (log.chosen == action) / chosen_probability(log)
    terms = (weight - 1) * (values - values.mean())
    by_customer = customer_totals(terms[:, None], log.customer_id)[:, 0]
    error = float(np.sqrt(by_customer @ by_customer))
    return float(terms.sum()) / error if error else 0.0
