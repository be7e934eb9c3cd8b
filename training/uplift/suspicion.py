"""Columns that cannot have been known before the action: in a log with known probabilities that can be tested.

What was known before cannot differ between the actions once each decision is weighted by 1/π₀: chance alone chose. A
column that does differ was written afterwards (an outcome, left among the context), or the probabilities are wrong.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter

import numpy as np

from training.bootstrap import customer_totals
from training.column_views import views_of
from training.encoding import FeatureColumn
from training.reward_log import Floats, RewardLog, chosen_probability
from training.tabular.table import TableError

LARGEST_Z = 6.0
"""Standard errors that a column's mean may differ by under an action: by chance once in 500 million."""
SAME_AS_REWARD = 0.95
"""A column that correlates with the reward like this is the reward."""


def check_context(
    log: RewardLog, matrix: Floats, columns: Sequence[FeatureColumn], *, names: Sequence[str] = ()
) -> None:
    """Raise `TableError` (`leak`) naming what of the context (n, n_columns) depends on the action.

    A column is looked at by its values, by which rows it is known of, and by each of its words. Parameters: `names`
    (n_columns,), what each column is of, where that has another name.
    """
    places: dict[str, list[int]] = {}
    for place, column in enumerate(columns):
        places.setdefault(names[place] if names else column.name, []).append(place)
    each = (_problem(log, _views(matrix, columns, of), name) for name, of in places.items())
    problems = [problem for problem in each if problem]
    if problems:
        advice = "leave it out with --drop, or put the probabilities right"
        raise TableError(f"{'; '.join(problems[:5])}; {advice}", code="leak", field="context")


def _views(matrix: Floats, columns: Sequence[FeatureColumn], places: Sequence[int]) -> Iterator[Floats]:
    return (_filled(view) for place in places for view in views_of(matrix[:, place], columns[place]))


def _problem(log: RewardLog, views: Iterator[Floats], name: str) -> str:
    z, action = 0.0, ""
    for view in views:
        if _correlation(view, log.reward) > SAME_AS_REWARD:
            return f"the column {name!r} says the reward"
        found = [(abs(_z(log, view, place)), each) for place, each in enumerate(log.actions)]
        z, action = max([(z, action), *found], key=itemgetter(0))
    if z <= LARGEST_Z:
        return ""
    told = f"{z:.0f} standard errors off under {action!r}"
    return f"the column {name!r} depends on the action ({told}), so it was not known before, or π₀ is wrong"


def _filled(values: Floats) -> Floats:
    known = np.isfinite(values)
    return np.where(known, values, np.mean(values[known]) if known.any() else 0.0)


def _correlation(values: Floats, reward: Floats) -> float:
    spread = values.std() * reward.std()
    return abs(float(np.mean((values - values.mean()) * (reward - reward.mean()))) / spread) if spread else 0.0


def _z(log: RewardLog, values: Floats, action: int) -> float:
    """How many standard errors the weighted mean under an action is from the mean of all.

    The larger of two errors counts: that of the sums by customer, and what chance alone makes, Σ v² (1 − π₀) / π₀. The
    first knows nothing of a rare action that was due for one of a rare word's few rows, and was not chosen.
    """
    chance = log.eligible_probability[:, action]
    rest = values - values.mean()
    terms = ((log.chosen == action) / chosen_probability(log) - 1) * rest
    by_customer = customer_totals(terms[:, None], log.customer_id)[:, 0]
    odds_against = np.divide(1 - chance, chance, out=np.zeros_like(chance), where=chance > 0)
    error = float(np.sqrt(max(by_customer @ by_customer, np.square(rest) @ odds_against)))
    return float(terms.sum()) / error if error else 0.0
