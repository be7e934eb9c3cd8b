import numpy as np

from training.constraints import Constraints
from training.encoding import FeatureColumn
from training.logistic import sigmoid
from training.metrics import log_loss
from training.tabular.candidate import SETTINGS, Candidate, Workshop
from training.tabular.following import followed
from training.trees import Rows

COLUMNS = tuple(map(FeatureColumn, ("moves", "stays")))
CANDIDATES = tuple(map(Candidate.named, ("logistic", "binned")))


def rows_in_time(n: int = 9_000, *, turns_at: float) -> Rows:
    """What the first column means turns round at a share of the rows."""
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(n, 2))
    sign = np.where(np.arange(n) < turns_at * n, 1.0, -1.0)
    return Rows(matrix, (rng.random(n) < sigmoid(1.5 * sign * matrix[:, 0] + matrix[:, 1])).astype(np.float64))


def margins(rows: Rows, start: int, *, n_blocks: int = 6):
    workshop = Workshop(COLUMNS, SETTINGS, Constraints(), 0)
    return followed(rows, start, workshop, CANDIDATES, n_blocks=n_blocks)


def test_no_block_is_scored_by_its_own_outcomes_or_later_ones() -> None:
    rows = rows_in_time(3_000, turns_at=0.5)
    altered = rows.label.copy()
    altered[2_500:] = 1 - altered[2_500:]
    found, other = (margins(each, 1_500) for each in (rows, Rows(rows.matrix, altered)))
    np.testing.assert_array_equal(found[:1_250], other[:1_250])
    assert not np.array_equal(found[1_250:], other[1_250:])


def test_when_a_column_turns_round_those_that_learned_from_the_latest_rows_take_over() -> None:
    rows = rows_in_time(turns_at=0.5)
    late = rows.label[8_000:]
    found = log_loss(late, sigmoid(margins(rows, 4_500)[3_500:]))
    still = Workshop(COLUMNS, {}, Constraints(), 0).fit(rows.take(np.arange(8_000)), CANDIDATES[0])
    assert found < log_loss(late, sigmoid(still.margin(rows.matrix[8_000:]))) - 0.05
