"""What `tsugi policy fit` says of a gain that is not sure: every bound that it misses, with its own figure."""

import pytest

from pipelines.policy_table.words import why_unsure
from training.uplift.contest import Candidate
from training.uplift.rule import Gain

MANY = "the best of 20 that were looked at must lie 2.6 standard errors above zero to be sure, and lies 2.5"
FEW = "only 12 decisions took what it would have chosen instead, and 50 are needed"


@pytest.mark.parametrize(
    ("mean", "n_answered", "said"),
    [(0.025, 400, MANY), (0.05, 12, FEW), (0.025, 12, f"{MANY}; {FEW}")],
)
def test_a_gain_whose_interval_lies_above_zero_says_why_it_is_not_sure(mean, n_answered, said):
    surest = Candidate("S", 1.0, 0.0, Gain(mean, 0.01), n_answered)
    assert surest.gain.interval.low > 0
    assert why_unsure(surest, 20) == said
