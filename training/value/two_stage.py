"""P(buys at all) × E[amount | buys], learned from every customer at several earlier moments.

Labels that reach half a horizon ahead let the moments learned from lie near the present, and how much more a whole
horizon brings than half of one is BG/NBD's to say, customer by customer. Labels of a whole horizon need no such help
but older moments. Both are learned.
"""

from dataclasses import dataclass

import numpy as np

from training.constraints import Constraints
from training.encoding import Floats
from training.logistic import sigmoid
from training.tabular.candidate import PRESET, Candidate, Workshop
from training.tabular.mixture import Mixture
from training.trees import Rows, Trees
from training.value.amount import fit_amount
from training.value.features import COLUMNS, features
from training.value.transactions import Transactions

REACHES = (0.5, 1.0)
"""How far labels reach, in horizons."""
STEP = 1 / 3
"""Between two moments that are learned from, in horizons."""
MOST_MOMENTS = 4
LEAST_HISTORY = 0.4
"""Before the first moment, in horizons."""


@dataclass(frozen=True, slots=True)
class TwoStage:
    """Parameters: `buys`, the chance; `amount`, log of the mean if so; `scale`, that it adds up; `reach` of labels."""

    buys: Mixture
    amount: Trees
    scale: float
    reach: float

    def spends(self, matrix: Floats) -> Floats:
        """Expected amounts (n,) within its reach, of rows (n, n_columns)."""
        return np.asarray(sigmoid(self.buys.margin(matrix)) * self.scale * np.exp(self.amount.margin(matrix)))


def moments_of(first: float, end: float, horizon: float, *, reach: float) -> list[float]:
    """The moments that are learned from, the latest first; none where the history is too short."""
    latest = end - reach * horizon
    all_of_them = (latest - number * STEP * horizon for number in range(MOST_MOMENTS))
    return [moment for moment in all_of_them if moment - first >= LEAST_HISTORY * horizon]


def fit_two_stage(known: Transactions, *, end: float, horizon: float, reach: float, seed: int) -> TwoStage | None:
    """Both stages from what was known at a day; None where the history is too short for either."""
    parts = [
        _at(known, moment, horizon, reach=reach)
        for moment in moments_of(float(known.day.min()), end, horizon, reach=reach)
    ]
    if not parts:
        return None
    matrix = np.ascontiguousarray(np.vstack([each.matrix for each in parts]))
    spent = np.concatenate([each.label for each in parts])
    bought = spent > 0
    if min(bought.sum(), (~bought).sum()) < 2 * PRESET.parameters["min_data_in_leaf"]:
        return None
    workshop = Workshop(COLUMNS, {"preset": PRESET}, Constraints(), seed)
    buys = workshop.fit(Rows(matrix, bought.astype(np.float64)), Candidate.named("binned + preset"))
    amount, scale = fit_amount(matrix[bought], spent[bought], seed=seed)
    return TwoStage(buys, amount, scale, reach)


def _at(known: Transactions, moment: float, horizon: float, *, reach: float) -> Rows:
    then = known.until(moment)
    codes = np.unique(then.code)
    matrix = features(then, codes, end=moment, horizon=horizon)
    return Rows(matrix, known.spent(moment, moment + reach * horizon)[codes])
