"""Design, section 5: one expression language, compiled to Python for one customer, to SQL and columns for millions."""

import re
from itertools import takewhile

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.condition import compile_condition, read_condition
from decisioning.condition_array import Words, judge
from decisioning.condition_box import implies, never_true
from decisioning.condition_python import compile_leading, plain
from decisioning.formula import compile_formula

NUMBERS = ("age", "income", "context.score")
MOMENTS = ("contract_end", "now")
WORDS = ("segment", "context.intent")
QUARTERS = st.integers(-12, 12).map(lambda n: n / 4)
LETTERS = st.sampled_from(["", "a", "b", "B", "it's", "é", "zz"])
COLUMNS = ", ".join([f'"{name}" DOUBLE' for name in NUMBERS + MOMENTS] + [f'"{name}" VARCHAR' for name in WORDS])
NAMES = NUMBERS + MOMENTS + WORDS
TIMELY = re.compile("contract_end|now|DATE|TIMESTAMP|day|hour|week|minute")
OPERATORS = st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "!="])


def _joined(parts, operator):
    return f"({f' {operator} '.join(parts)})"


def _numbers():
    leaves = st.sampled_from(NUMBERS) | QUARTERS.map(repr)
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(lambda a, o, b: f"({a} {o} {b})", inner, st.sampled_from(list("+-*/")), inner)
            | inner.map(lambda a: f"-({a})")
        ),
        max_leaves=4,
    )


def _words():
    return st.sampled_from(WORDS) | LETTERS.map(_quoted)


def _durations():
    leaves = st.builds(
        lambda n, unit: f"{n} {unit}",
        st.sampled_from(["0", "1", "1.5", "36"]),
        st.sampled_from(["day", "hours", "weeks", "minutes"]),
    )
    between = st.builds(lambda a, b: f"({a} - {b})", _dates(), _dates())
    return st.recursive(
        leaves | between,
        lambda inner: (
            st.builds(lambda a, o, b: f"({a} {o} {b})", inner, st.sampled_from("+-"), inner)
            | st.builds(lambda a, o, b: f"({a} {o} {b})", inner, st.sampled_from("*/"), QUARTERS.map(repr))
        ),
        max_leaves=3,
    )


def _dates():
    literals = ["DATE '1970-01-02'", "TIMESTAMP '1970-01-01 06:00:00'", "TIMESTAMPTZ '1970-01-01T18:00:00-06:00'"]
    return st.sampled_from([*MOMENTS, *literals])


def _moments():
    return _dates() | st.builds(lambda a, o, b: f"({a} {o} {b})", _dates(), st.sampled_from("+-"), _durations())


def _quoted(word):
    return "'" + word.replace("'", "''") + "'"


def _tests():
    said = [(_numbers(), QUARTERS.map(repr)), (_words(), LETTERS.map(_quoted))]
    either = st.sampled_from([*said, (_moments(), _dates().filter(lambda text: "'" in text)), (_durations(),) * 2])
    return either.flatmap(_tests_of)


def _tests_of(kind):
    values, literals = kind
    negated = st.sampled_from(["", "NOT "])
    return (
        st.builds(lambda a, o, b: f"{a} {o} {b}", values, OPERATORS, values)
        | st.builds(lambda a, n, b, c: f"{a} {n}BETWEEN {b} AND {c}", values, negated, values, values)
        | st.builds(lambda a, n: f"{a} IS {n}NULL", values, negated)
        | st.builds(
            lambda a, n, options: f"{a} {n}IN ({', '.join(options)})",
            values,
            negated,
            st.lists(literals.filter(lambda text: not text.startswith("(")), min_size=1, max_size=3),
        )
    )


def conditions():
    return st.recursive(
        _tests() | st.sampled_from(["TRUE", "FALSE"]),
        lambda inner: (
            st.builds(_joined, st.lists(inner, min_size=2, max_size=3), st.sampled_from(["AND", "OR"]))
            | inner.map(lambda a: f"NOT ({a})")
        ),
        max_leaves=6,
    )


def rows():
    number, word = st.none() | QUARTERS, st.none() | LETTERS
    moment = st.none() | st.integers(-8, 8).map(lambda n: n * 21600.0)
    kinds = [number] * len(NUMBERS) + [moment] * len(MOMENTS) + [word] * len(WORDS)
    return st.lists(st.tuples(*kinds), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE customer (row INTEGER, {COLUMNS})")
        yield connection


def _fill(database, table):
    database.execute("DELETE FROM customer")
    marks = ", ".join("?" * (1 + len(NAMES)))
    database.executemany(f"INSERT INTO customer VALUES ({marks})", [(n, *row) for n, row in enumerate(table)])


def _duckdb_answers(database, table, columns):
    _fill(database, table)
    answered = database.execute(f"SELECT {', '.join(columns)} FROM customer ORDER BY row").fetchall()
    return [list(row) for row in answered]


def _our_answers(table, texts):
    compiled = [compile_condition(text) for text in texts]
    values = [dict(zip(NAMES, row, strict=True)) for row in table]
    return [[condition.truth(row) for condition in compiled] for row in values]


@settings(max_examples=80, deadline=None)
@given(texts=st.lists(conditions(), min_size=1, max_size=6), table=rows())
def test_python_and_duckdb_answer_alike_unknowns_included(database, texts, table):
    columns = [compile_condition(text).sql for text in texts]
    assert _our_answers(table, texts) == _duckdb_answers(database, table, columns)


@settings(max_examples=80, deadline=None)
@given(groups=st.lists(st.lists(conditions(), max_size=3), min_size=1, max_size=4), table=rows(), data=st.data())
def test_conditions_asked_together_are_true_where_duckdb_says_so_of_each(database, groups, table, data):
    asked = [text for group in groups for text in group] or ["TRUE"]
    again = data.draw(st.lists(st.sampled_from(asked), max_size=3))
    together = [*groups, again, *([text] for text in asked)]
    leading = compile_leading([[read_condition(text) for text in group] for group in together])
    columns = [compile_condition(text).sql for text in asked]
    answers = [dict(zip(asked, row, strict=True)) for row in _duckdb_answers(database, table, columns)]
    for row, said in zip(table, answers, strict=True):
        expected = [len(list(takewhile(lambda text: said[text] is True, group))) for group in together]  # noqa: B023 (used at once)
        assert list(leading(dict(zip(NAMES, row, strict=True)))) == expected


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(conditions(), min_size=1, max_size=6), table=rows())
def test_duckdb_reads_the_author_s_own_text_the_same_way(database, texts, table):
    plain = [text for text in texts if not re.search("/|context", text) and not TIMELY.search(text)] or ["age > 1"]
    assert _our_answers(table, plain) == _duckdb_answers(database, table, [f"({text})" for text in plain])


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(_numbers(), min_size=1, max_size=6), table=rows())
def test_python_duckdb_and_columns_compute_a_formula_alike(database, texts, table):
    formulas = [compile_formula(text) for text in texts]
    values = [dict(zip(NAMES, row, strict=True)) for row in table]
    ours = [[formula.number(row) for formula in formulas] for row in values]
    _fill(database, table)
    assert ours == _duckdb_answers(database, table, [formula.sql for formula in formulas])
    columns = [formula.of_many(_columns(table), n=len(table)).tolist() for formula in formulas]
    assert ours == [[None if number != number else number for number in row] for row in zip(*columns, strict=True)]


@given(number=st.floats(min_value=0.0, allow_nan=False, allow_infinity=False))
def test_a_number_is_the_same_double_in_duckdb(database, number):
    (answer,) = database.execute(f"SELECT {compile_formula(repr(number)).sql}").fetchone()
    assert isinstance(answer, float)
    assert answer == number


LEXICON = ("", "a", "b", "B", "it's", "é", "zz")
VOCABULARY = dict.fromkeys(WORDS, LEXICON)


def _columns(table):
    held = dict(zip(NAMES, zip(*table, strict=True), strict=True))
    numbers = {name: np.array(held[name], dtype=float) for name in NUMBERS + MOMENTS}
    codes = {n: np.array([np.nan if w is None else LEXICON.index(w) for w in held[n]], dtype=float) for n in WORDS}
    return numbers | {name: Words(codes[name], LEXICON) for name in WORDS}


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(conditions(), min_size=1, max_size=6), table=rows())
def test_python_and_columns_answer_alike_unknowns_included(texts, table):
    verdicts = [judge(read_condition(text), _columns(table), n=len(table)) for text in texts]
    answers = [
        [True if verdict.true[row] else False if verdict.false[row] else None for verdict in verdicts]
        for row in range(len(table))
    ]
    assert answers == _our_answers(table, texts)


ODD = st.sampled_from([1, 0, True, np.float64(1.0), np.float64("nan"), np.str_("a"), [1.0], b"a", 10**400, 2**53])


@settings(max_examples=150, deadline=None)
@given(text=conditions(), values=st.dictionaries(st.sampled_from(NAMES), ODD, max_size=4))
def test_a_value_of_any_other_class_is_what_it_is_worth_to_a_condition(text, values):
    seen = {name: plain(value) for name, value in values.items()}
    condition = compile_condition(text)
    assert condition.truth(values) is condition.truth(seen)
    assert condition.holds(values) is (compile_leading([[condition.tree]])(values) == (1,))


@settings(max_examples=150, deadline=None)
@given(texts=st.tuples(conditions(), conditions()), table=rows(), told=st.sampled_from([WORDS, WORDS[:1]]))
def test_what_boxes_say_is_never_true_and_what_implies_what_holds_for_every_customer(texts, table, told):
    one, other = (read_condition(text) for text in texts)
    vocabulary = {name: VOCABULARY[name] for name in told}
    never, follows = never_true(one, vocabulary), implies(one, other, vocabulary)
    for first, second in _our_answers(table, texts):
        assert not (never and first is True)
        assert not (follows and first is True and second is not True)
