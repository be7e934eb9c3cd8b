"""Leak checks: a column that knows the label, a date that was not known then, and rows that judge themselves."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from training.metrics import auc
from training.tabular.folds import Fold, stratified
from training.tabular.leak import column_findings, own_auc, row_findings, time_findings, twins
from training.tabular.table import Plan, Roles, plan_of
from training.trees import Rows

LABEL = (np.arange(1000) % 2).astype(float)
CELLS = st.sampled_from([0.0, 1.0, -9.0, np.nan])


def found(*columns):
    plan = Plan({f"c{place}": "number" for place in range(len(columns))})
    return column_findings(Rows(np.column_stack(columns), LABEL), plan, seed=7)


def wrong_in(share):
    """The label, but for a share of either kind of rows."""
    return np.where(np.arange(1000) < 1000 * share, 1 - LABEL, LABEL)


@pytest.mark.parametrize(
    ("share", "refused"), [(0.0, [True]), (0.02, [True]), (0.05, [False]), (0.17, [False]), (0.23, [])]
)
def test_a_column_is_told_of_that_sorts_four_pairs_in_five_and_refused_that_sorts_nearly_all(share, refused):
    findings = found(wrong_in(share), wrong_in(0.5))
    assert [each.refused for each in findings] == refused
    assert {each.column for each in findings} <= {"c0"}
    for each in findings:
        assert float(re.findall(r"an AUC of (\S+):", each.message)[0]) == pytest.approx(1 - share, abs=0.02)
        assert ("--drop" in each.message) is each.refused


@pytest.mark.parametrize(
    "column",
    [
        np.where(LABEL > 0, np.nan, 3.0),
        np.where(LABEL > 0, 3.0, np.nan),
        np.where(LABEL > 0, 3.0, np.inf),
        np.where(LABEL > 0, 0.0, np.where(np.arange(1000) % 4, 5.0, -5.0)),
        np.where(LABEL > 0, 1.0, -1.0) * np.arange(1, 1001),
    ],
)
def test_a_column_knows_the_label_by_being_missing_by_a_hump_or_by_whatever_it_says_too(column):
    assert [each.refused for each in found(column)] == [True]


@given(st.lists(st.tuples(CELLS, st.sampled_from([0.0, 1.0])), min_size=4, max_size=30), st.integers(0, 9))
def test_each_row_is_judged_by_the_share_of_the_label_among_those_of_the_other_half_that_say_the_same(rows, seed):
    cells, label = (np.array(each) for each in zip(*rows, strict=True))
    folds = stratified(label, n_folds=2, seed=seed)
    assume(all(len(fold.learned) for fold in folds))
    score = np.empty(len(rows))
    for fold in folds:
        for row in fold.judged:
            same = [label[other] for other in fold.learned if str(cells[other]) == str(cells[row])]
            score[row] = (sum(same) + label[fold.learned].mean()) / (len(same) + 1)
    assert own_auc(cells, label, folds) == pytest.approx(auc(label, score), nan_ok=True)


@pytest.mark.parametrize("column", [np.full(1000, 3.0), np.full(1000, np.nan)])
def test_a_column_that_says_one_thing_knows_nothing(column):
    assert own_auc(column, LABEL, stratified(LABEL, n_folds=2)) == pytest.approx(0.5)


def test_chance_is_no_knowledge_however_many_values_it_takes():
    areas = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        label = (np.arange(200) % 2).astype(float)
        areas.append(own_auc(rng.normal(size=200), label, stratified(label, n_folds=2, seed=seed)))
    assert abs(np.mean(areas) - 0.5) < 0.02


def later(*days_after, time="at"):
    """What is found of a date that lies so many days after the time of its row (None: it is missing)."""
    at, roles = pd.Series(pd.date_range("2025-01-01", periods=len(days_after))), Roles("label", time=time)
    frame = pd.DataFrame({"at": at, "until": at + pd.to_timedelta(pd.Series(days_after), unit="D"), "label": 1})
    return time_findings(frame, plan_of(frame, roles)[0], roles)


def test_a_date_may_lie_before_its_row_on_its_day_or_nowhere():
    assert later(-3, 0, None, -1) == []
    assert later(3, 3, 3, time=None) == []


@pytest.mark.parametrize(("n_rows", "refused"), [(100, True), (101, False)])
def test_one_date_in_a_hundred_that_was_not_known_then_is_refused_and_fewer_are_told(n_rows, refused):
    (finding,) = later(1, *[-1] * (n_rows - 1))
    assert (finding.check, finding.column, finding.refused) == ("known_later", "until", refused)
    assert "lies after 'at' in 1.0% of the rows" in finding.message


@given(st.lists(st.tuples(CELLS, CELLS, st.sampled_from([0.0, 1.0])), min_size=2, max_size=12), st.data())
def test_a_row_has_a_twin_where_one_that_is_learned_from_says_the_same_in_everything(cells, data):
    told = np.array(cells)
    cut = data.draw(st.integers(1, len(cells) - 1))
    fold = Fold(np.arange(cut), np.arange(cut, len(cells)))
    said = [tuple(map(str, row)) for row in cells]
    assert twins(Rows(told[:, :2], told[:, 2]), fold).tolist() == [row in said[:cut] for row in said[cut:]]


@pytest.mark.parametrize(("n_twins", "refused"), [(0, []), (1, [False]), (4, [False]), (5, [True])])
def test_a_split_of_which_half_stands_on_both_sides_is_refused_and_less_is_told(n_twins, refused):
    numbers = np.arange(20.0)
    numbers[10 : 10 + n_twins] = 0.0
    findings = row_findings(Rows(numbers[:, None], np.ones(20)), Fold(np.arange(10), np.arange(10, 20)))
    assert [each.refused for each in findings] == refused
    for each in findings:
        assert each.message.startswith(f"{n_twins} of 10 held-out rows ({n_twins}0.0%)")


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_equal_rows_of_a_table_that_says_little_are_no_copies(rate):
    rng = np.random.default_rng(1)
    words, label = rng.integers(0, 3, (600, 2)).astype(float), (rng.random(600) < rate).astype(float)
    assert row_findings(Rows(words, label), Fold(np.arange(480), np.arange(480, 600))) == []


def test_a_table_that_stands_twice_is_refused_though_some_of_its_rows_are_alike():
    rng = np.random.default_rng(1)
    numbers = np.tile(rng.normal(size=(300, 2)).round(1), (2, 1))
    label = np.tile((rng.random(300) < 0.5).astype(float), 2)
    (finding,) = row_findings(Rows(numbers, label), Fold(np.arange(300), np.arange(300, 600)))
    assert finding.refused
