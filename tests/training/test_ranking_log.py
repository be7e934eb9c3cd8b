"""A table of rankings becomes what the estimators of rankings see, or is refused by its column and first wrong row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.off_policy.ranking_log import DEEPEST, RankingColumns, rankings_of
from training.tabular.table import TableError

PLAIN = RankingColumns("list", "place", "reward", "p", "q")
ALL = RankingColumns("list", "place", "reward", "p", "q", "m", "t", "who")
CELL = st.floats(0.01, 1).map(lambda number: round(number, 2))


@st.composite
def tables(draw):
    """Rankings of 1 to 3 places, their rows in any order; the first row of a ranking says whose it is."""
    lengths = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    rows = [
        (f"l{nth}", place, draw(st.integers(-3, 9)), *(draw(CELL) for _ in "pqmt"), f"c{draw(st.integers(0, 2))}")
        for nth, length in enumerate(lengths)
        for place in range(1, length + 1)
    ]
    return pd.DataFrame(draw(st.permutations(rows)), columns=["list", "place", "reward", *"pqmt", "who"])


@given(tables())
def test_each_place_says_what_its_row_says_and_nothing_stands_below_the_last(frame):
    log = rankings_of(frame, ALL)
    names = list(dict.fromkeys(frame["list"]))
    found = {
        (names[nth], place + 1): [terms[nth, place] for terms in _arrays(log.terms)]
        for nth, place in zip(*np.nonzero(log.terms.filled), strict=True)
    }
    said = {(row.list, row.place): [row.reward, row.p, row.q, row.m, row.t] for row in frame.itertuples()}
    assert found == said
    assert all(np.isnan(array[~log.terms.filled]).all() for array in _arrays(log.terms))
    owners = frame.drop_duplicates("list")["who"]
    assert log.customers.tolist() == [list(dict.fromkeys(frame["who"])).index(each) for each in owners]
    assert log.has_marginals


@given(tables())
def test_without_marginals_or_customers_none_are_told_and_each_ranking_is_one(frame):
    log = rankings_of(frame, PLAIN)
    assert not log.has_marginals
    assert log.customers.tolist() == list(range(frame["list"].nunique()))


def _arrays(terms):
    return (terms.reward, terms.logged, terms.target, terms.logged_marginal, terms.target_marginal)


def a_table(**cells):
    columns = {"list": list("aabb"), "place": [1, 2, 1, 2], "reward": 1.0, **dict.fromkeys("pqmt", 0.5), "who": "x"}
    frame = pd.DataFrame(columns).astype(object)
    for name, cell in cells.items():
        frame.loc[2:, name] = cell
    return frame


@pytest.mark.parametrize(
    ("cells", "field", "said"),
    [
        ({"list": ""}, "list", "'list' names nothing: 2 of 4 rows, the first is row 3"),
        ({"who": None}, "who", "'who' names nothing: 2 of 4 rows, the first is row 3"),
        ({"place": [1, 3]}, "place", "lacks a place or holds one twice: 2 of 4 rows, the first is row 3"),
        ({"place": [2, 2]}, "place", "lacks a place or holds one twice"),
        ({"place": [2, 3]}, "place", "lacks a place or holds one twice"),
        ({"place": [1, 1.5]}, "place", "is no place from 1 to 100: 1 of 4 rows, the first is row 4"),
        ({"place": [0, 1]}, "place", "is no place from 1 to 100: 1 of 4 rows, the first is row 3"),
        ({"place": [1, 101]}, "place", "is no place from 1 to 100: 1 of 4 rows, the first is row 4"),
        ({"p": 1.01}, "p", "'p' is no probability: 2 of 4 rows, the first is row 3"),
        (
            {"p": [0.5, 0]},
            "p",
            "'p' is not above 0: what was shown cannot have been impossible: 1 of 4 rows, the first is row 4",
        ),
        ({"m": 0.0}, "m", "'m' is not above 0"),
        ({"p": [0.5, 1e-200]}, "p", "'p' is below 1e-12: nobody shows so by chance: 1 of 4 rows, the first is row 4"),
        ({"reward": [0, -1e20]}, "reward", r"'reward' is beyond 1e\+12: 1 of 4 rows, the first is row 4"),
        ({"q": -0.01}, "q", "'q' is no probability"),
        ({"m": [1.0, 1.01]}, "m", "'m' is no probability: 1 of 4 rows, the first is row 4"),
        ({"t": -0.01}, "t", "'t' is no probability"),
        ({"t": "often"}, "t", "'t' is no number"),
        ({"reward": "inf"}, "reward", "'reward' is no number"),
    ],
)
def test_a_cell_that_cannot_be_is_told_with_its_column_and_row(cells, field, said):
    with pytest.raises(TableError, match=said) as refused:
        rankings_of(a_table(**cells), ALL)
    assert (refused.value.field, refused.value.code) == (field, "unusable_log")


def test_a_probability_may_be_1_a_target_0_and_a_reward_anything_finite():
    log = rankings_of(a_table(p=1, q=0, t=0, reward=[-1e9, 1e9]), ALL)
    assert (log.terms.logged.max(), log.terms.target.min(), log.terms.reward.max()) == (1.0, 0.0, 1e9)


def test_a_ranking_may_be_as_deep_as_is_said_and_no_deeper():
    deep = pd.DataFrame({"list": "a", "place": range(1, DEEPEST + 2), "reward": 0, "p": 0.5, "q": 0.5})
    assert rankings_of(deep[:-1], PLAIN).terms.reward.shape == (1, DEEPEST)
    with pytest.raises(TableError, match=f"from 1 to {DEEPEST}"):
        rankings_of(deep, PLAIN)


@pytest.mark.parametrize("alone", [{"marginal": "m"}, {"target_marginal": "t"}])
def test_one_marginal_alone_an_unknown_column_and_a_table_without_rows_are_refused(alone):
    with pytest.raises(TableError, match="both --marginal and --target-marginal"):
        rankings_of(a_table(), RankingColumns("list", "place", "reward", "p", "q", **alone))
    with pytest.raises(TableError, match="no column 'clicks'; the table has: list, place") as refused:
        rankings_of(a_table(), RankingColumns("list", "place", "clicks", "p", "q"))
    assert (refused.value.field, refused.value.code) == ("reward", "unknown_column")
    with pytest.raises(TableError, match="no row"):
        rankings_of(a_table()[:0], PLAIN)
