import numpy as np
import pandas as pd
import pytest
from worlds import a_table

from training.tabular.label import labels, negative_word, positive_word, strange
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


def test_a_column_may_be_called_as_a_part_of_a_date():
    frame = pd.DataFrame({"due": ["2025-06-01", "2025-08-02"], "due (month)": [0.5, 0.7]})
    plan = Plan({"due": "date", "due (month)": "number"})
    assert plan.matrix(frame)[:, 1:].tolist() == [[6.0, 6.0, 0.5], [8.0, 5.0, 0.7]]


@pytest.mark.parametrize("number", ["0,3456", "1.250,75", "-3,5", "12,500"])
def test_numbers_with_a_comma_are_named_and_read_as_no_words_unless_that_is_wanted(number):
    frame = a_table(price=[number if row % 2 else "7" for row in range(len(a_table()))])
    with pytest.raises(
        TableError, match=f"'price' holds numbers with a comma, such as '{number}'; write them as 1234.5"
    ):
        plan_of(frame, Roles("bought"))
    assert "price" not in plan_of(frame, Roles("bought", drop=("price",)))[0].kinds
    assert plan_of(frame, Roles("bought", keep=("price",)))[0].kinds["price"] == "category"


def test_words_with_a_comma_among_them_are_words():
    words = ["3,5", "Smith, John", "7"]
    frame = a_table(price=[words[row % 3] for row in range(len(a_table()))])
    assert plan_of(frame, Roles("bought"))[0].kinds["price"] == "category"


@pytest.mark.parametrize(
    ("roles", "option"),
    [
        (Roles("bought", time="bought"), "time"),
        (Roles("bought", ids=("bought",)), "ids"),
        (Roles("bought", drop=("noise", "bought")), "drop"),
    ],
)
def test_a_label_that_is_named_for_something_else_is_refused(roles, option):
    with pytest.raises(TableError, match=f"the column 'bought' is the label: it cannot be --{option} too"):
        roles.check(a_table())


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"colour": ["mauve", "teal"]}, ["column 'colour': no row has a word that the model knows ('blue', 'red'); "]),
        ({"colour": [None, ""]}, ["column 'colour' is empty in every row"]),
        ({"age": [None, "n/a"]}, ["column 'age' is empty in every row"]),
        ({"colour": ["mauve", "red"], "age": ["3", None]}, []),
    ],
)
def test_a_column_that_says_nothing_to_the_model_is_told(cells, told):
    plan = Plan({"colour": "category", "age": "number"}, {"colour": ("(missing)", "blue", "red")})
    said = []
    plan.matrix(pd.DataFrame({"colour": ["blue", "red"], "age": [1.0, 2.0], **cells}), say=said.append)
    assert [line[: len(start)] for line, start in zip(said, told, strict=True)] == told


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


def test_words_that_a_label_did_not_have_are_strange():
    cells = pd.Series(["Yes", "No", "", "churned", "1.0"])
    assert negative_word(cells[:3], "Yes") == "No"
    assert strange(cells, "Yes", "No").to_dict() == {3: "churned", 4: "1"}
    assert strange(cells[:3], "Yes", "").empty
    assert strange(cells[3:], "Yes", "").tolist() == ["churned", "1"]


def test_a_table_that_lacks_a_column_is_refused_by_its_name():
    plan, _ = plan_of(a_table(), Roles("bought"))
    with pytest.raises(TableError, match="colour"):
        plan.matrix(a_table().drop(columns="colour"))


def test_a_table_without_the_time_that_dates_are_counted_back_from_is_refused():
    with pytest.raises(TableError, match="lacks columns of the model: at"):
        Plan({"joined": "date"}, time="at").matrix(pd.DataFrame({"joined": ["2026-01-01"]}))


def test_a_time_that_counts_no_date_back_is_not_needed_to_score():
    assert Plan({"age": "number"}, time="at").matrix(pd.DataFrame({"age": [1]})).tolist() == [[1.0]]


@pytest.mark.parametrize("cells", [["True", "false", ""], [True, False, None], ["1", "0", "NA"]])
def test_true_and_false_are_one_and_nought_to_a_model_of_numbers(cells):
    found = Plan({"member": "number"}).matrix(pd.DataFrame({"member": cells}))[:, 0]
    np.testing.assert_array_equal(found, [1.0, 0.0, np.nan])


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("number", "12", "12 months"), ("date", "2025-12-31", "31.12.2025"), ("date", "2025-12-31", "20251231")],
)
def test_cells_that_cannot_be_read_are_told_where_they_are_few_and_refused_where_they_are_many(kind, good, bad):
    told = []
    plan = Plan({"since": kind})
    plan.matrix(pd.DataFrame({"since": [good] * 95 + [bad] * 5 + [""] * 9}), say=told.append)
    assert [f"5 of 100 cells are no {kind}" in each and repr(bad) in each for each in told] == [True]
    with pytest.raises(TableError, match="column 'since': 6 of 100 cells") as found:
        plan.matrix(pd.DataFrame({"since": [good] * 94 + [bad] * 6}))
    assert found.value.code == "unreadable_cells"
