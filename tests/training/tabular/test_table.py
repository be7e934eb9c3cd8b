import numpy as np
import pandas as pd
import pytest
from worlds import a_table

from training.tabular.label import labels, positive_word
from training.tabular.table import Plan, Roles, TableError, plan_of


def test_kinds_are_recognised_from_text_and_ids_and_constants_are_left_out():
    plan, left = plan_of(a_table(fixed="x"), Roles("bought"))
    assert plan.kinds == {"age": "number", "colour": "category", "since": "date", "noise": "number"}
    assert {each.column: each.reason.partition(":")[0] for each in left} == {"id": "like an id", "fixed": "constant"}


def test_text_parquet_and_json_values_give_the_same_matrix():
    frame = a_table()
    typed = frame.assign(
        age=pd.to_numeric(frame["age"], errors="coerce"),
        since=pd.to_datetime(frame["since"]),
        colour=frame["colour"].where(frame["colour"] != "", None),
    )
    plan, _ = plan_of(frame, Roles("bought", ids=("id",)))
    assert plan_of(typed, Roles("bought", ids=("id",)))[0] == plan
    np.testing.assert_array_equal(plan.matrix(frame), plan.matrix(typed))


def test_a_plan_survives_its_json():
    plan, _ = plan_of(a_table(), Roles("bought"))
    assert Plan.from_json(plan.to_json()) == plan


def test_dates_are_counted_back_from_the_time_of_their_row():
    frame = pd.DataFrame({"at": ["2026-01-31", "2026-03-01"], "joined": ["2026-01-01", "2026-02-01"]})
    plan = Plan({"joined": "date"}, time="at")
    assert plan.matrix(frame)[:, 0].tolist() == [30.0, 28.0]


def test_words_that_were_not_seen_score_like_an_unknown_word():
    plan = Plan({"colour": "category"}, {"colour": ("blue", "red")})
    assert plan.matrix(pd.DataFrame({"colour": ["red", "mauve", "ochre"]}))[:, 0].tolist() == [1.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("cells", "code"),
    [(["a"] * 4, "one_class"), (["a", "b", "c"], "not_two_classes"), (["", None], "no_label")],
)
def test_a_label_that_is_none_is_named(cells, code):
    with pytest.raises(TableError) as found:
        positive_word(pd.Series(cells, name="y"))
    assert found.value.code == code


@pytest.mark.parametrize(("cells", "word"), [(["no", "yes"], "yes"), ([0, 1, 1], "1"), (["a", "b", "a"], "b")])
def test_the_positive_value_is_the_usual_word_or_the_rarer_one(cells, word):
    assert positive_word(pd.Series(cells)) == word


def test_rows_without_a_label_have_none():
    np.testing.assert_array_equal(labels(pd.Series(["yes", "", "no"]), "yes"), [1.0, np.nan, 0.0])


def test_a_table_that_lacks_a_column_is_refused_by_its_name():
    plan, _ = plan_of(a_table(), Roles("bought"))
    with pytest.raises(TableError, match="colour"):
        plan.matrix(a_table().drop(columns="colour"))
