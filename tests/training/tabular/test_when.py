import numpy as np
import pandas as pd
import pytest

from training.tabular.table import TableError
from training.tabular.when import every_moment, moments

DAY = 20_484.0
"""The days from 1970-01-01 to 2026-01-31."""


@pytest.mark.parametrize(
    "cells",
    [
        ["2026-01-31", ""],
        ["20260131", ""],
        ["202601", ""],
        ["1769817600", ""],
        [1769817600000, None],
        [pd.Timestamp("2026-01-31"), None],
        ["20484", ""],
    ],
)
def test_every_allowed_form_of_a_time_is_the_same_day(cells):
    np.testing.assert_array_equal(moments(pd.Series(cells)), [DAY, np.nan])


@pytest.mark.parametrize(
    "cells", [["5", "1769817600"], ["202613"], ["20261331"], ["500000"], ["1e18"], ["199701", "1"], ["-1e9"]]
)
def test_numbers_that_are_no_times_are_refused_with_what_is_allowed(cells):
    with pytest.raises(TableError, match=r"the time 'at' holds numbers from .*; allowed: dates such as 2026-01-31"):
        moments(pd.Series(cells, name="at"))


def test_a_time_that_cannot_be_read_is_shown():
    with pytest.raises(
        TableError, match=r"'at' is missing or unreadable in 1 of \d+ rows, the first is row \d+: '31.1.2026'"
    ):
        every_moment(pd.Series(["2026-01-31", "31.1.2026"], name="at"))
