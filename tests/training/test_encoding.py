import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from builders import an_action
from decisioning.action import Conversion, Treatment
from decisioning.ports import Candidate
from training.encoding import ACTION_COLUMNS, ActionEntry, ActionTable, FeatureColumn, FeatureEncoder, Layout

AGE, SEGMENT = FeatureColumn("age"), FeatureColumn("segment", "category", ("mass", "private"))
ENCODER = FeatureEncoder((AGE, SEGMENT))
CARD = Candidate(an_action("card"), Treatment("banner", "web", cost=0.5))
LOAN = Candidate(an_action("loan", value=9.0), Treatment("mail", "email"))
TABLE = ActionTable((ActionEntry.of(CARD), ActionEntry.of(LOAN)))


@given(st.permutations(["age", "segment", "extra", "more"]))
def test_the_order_and_the_surplus_of_features_are_irrelevant(order):
    values = {"age": 40.0, "segment": "private", "extra": 1.0, "more": "x"}
    np.testing.assert_array_equal(ENCODER.row({name: values[name] for name in order}), [40.0, 1.0])


def test_missing_not_finite_and_wrongly_typed_values_are_nan():
    for value in (None, math.inf, math.nan, "forty"):
        assert np.isnan(ENCODER.row({"age": value, "segment": "mass"})[0])
    assert np.isnan(ENCODER.row({})).all()


def test_an_unseen_word_has_the_declared_code_for_unknown():
    assert SEGMENT.encode("royal") == SEGMENT.unknown == 2.0


def test_rows_and_matrix_agree():
    rows = [{"age": 1.0, "segment": "mass"}, {"age": None, "segment": None}, {"age": -2.5, "segment": "royal"}]
    matrix = ENCODER.matrix({name: [row[name] for row in rows] for name in ("age", "segment")}, n_rows=3)
    np.testing.assert_array_equal(matrix, np.array([ENCODER.row(row) for row in rows]))


def test_an_absent_column_is_all_missing():
    assert np.isnan(ENCODER.matrix({"age": np.arange(3)}, n_rows=3)[:, 1]).all()


def test_a_candidate_encodes_to_its_codes_then_value_and_cost():
    row = dict(zip(ACTION_COLUMNS, TABLE.encode(ActionEntry.of(LOAN)), strict=True))
    assert (row["action"], row["treatment"], row["channel"], row["value"], row["cost"]) == (1.0, 1.0, 1.0, 9.0, 0.0)


def test_a_new_action_has_unknown_codes_and_keeps_its_numbers():
    new = Candidate(an_action("fund", value=7.0), Treatment("banner", "web"))
    row = dict(zip(ACTION_COLUMNS, TABLE.encode(ActionEntry.of(new)), strict=True))
    assert (row["action"], row["treatment"], row["channel"], row["value"]) == (2.0, 2.0, 0.0, 7.0)


def test_an_entry_gives_a_candidate_that_encodes_the_same():
    entry = ActionEntry.of(Candidate(an_action("card", conversion=Conversion("Order Completed")), CARD.treatment))
    assert ActionEntry.of(entry.candidate()) == entry


def test_the_layout_puts_the_customer_first_and_is_c_contiguous():
    layout = Layout(ENCODER, TABLE)
    matrix = layout.rows(np.array([[40.0, 1.0]]), np.array([1]))
    assert [column.name for column in layout.columns][:3] == ["age", "segment", "action.action"]
    assert matrix.flags.c_contiguous
    assert matrix.shape == (1, 2 + len(ACTION_COLUMNS))
    assert layout.categorical == [1, 2, 3, 4, 5, 6]
    assert layout.position("cost") == 8


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)), max_size=3))
def test_a_row_is_what_each_column_makes_of_its_value(values):
    features = dict(zip(("age", "segment"), values, strict=False))
    expected = [column.encode(features.get(column.name)) for column in ENCODER.columns]
    np.testing.assert_array_equal(ENCODER.row(features), expected)
