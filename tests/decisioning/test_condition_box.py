"""What boxes tell of conditions about one feature is all that there is to tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisioning.condition import compile_condition, read_condition
from decisioning.condition_box import MOST, boxes, implies, never_true
from decisioning.condition_tree import Every

OPERATORS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
NUMBERS = st.integers(0, 3).map(float)
EVERY_NUMBER = [None, *(half / 2 for half in range(-1, 8))]
WORDS = ("a", "b", "c")
QUOTED = st.sampled_from([f"'{word}'" for word in WORDS])


def compared(name, constants):
    either = st.booleans().map(lambda turned: "{1} {2} {0}" if turned else "{0} {2} {1}")
    return st.builds(lambda form, said, operator: form.format(name, said, operator), either, constants, OPERATORS)


def asked(name, plain):
    """Conditions about one feature, of whatever they are made of."""
    plain |= st.sampled_from([f"{name} IS NULL", f"{name} IS NOT NULL", "TRUE", "FALSE", "1 < 2", "'b' < 'a'"])
    return st.recursive(plain, lambda inner: joined(inner) | inner.map("NOT ({})".format), max_leaves=4)


def joined(inner):
    return st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR"]), inner)


def numeric():
    listed = st.builds("age {}IN ({}, {})".format, st.sampled_from(["", "NOT "]), NUMBERS, NUMBERS)
    between = st.builds("age {}BETWEEN {} AND {}".format, st.sampled_from(["", "NOT "]), NUMBERS, NUMBERS)
    return asked("age", compared("age", NUMBERS | QUOTED) | listed | between)


def worded(name):
    return asked(name, compared(name, QUOTED | NUMBERS))


def free():
    """Conditions about a fact of the moment that say which word it is, but not which it is not."""
    plain = compared("context.mood", NUMBERS) | st.sampled_from([f"context.mood = '{word}'" for word in WORDS])
    listed = st.sampled_from(["context.mood IN ('a', 'c')", "'b' = context.mood", "context.mood IS NULL", "FALSE"])
    return st.recursive(plain | listed, joined, max_leaves=4)


def untold():
    """Conditions about a fact of the moment that say which word it is not, and compute with it."""
    plain = compared("context.mood", QUOTED | NUMBERS) | compared("context.mood + 0", NUMBERS)
    return asked("context.mood", plain | st.just("(context.mood + 0) IS NULL"))


def true_of(text, name, values):
    condition = compile_condition(text)
    return {value for value in values if condition.truth({name: value})}


@given(numeric(), numeric())
def test_of_two_conditions_about_one_number_boxes_tell_whenever_one_implies_the_other(one, other):
    first, second = (true_of(text, "age", EVERY_NUMBER) for text in (one, other))
    assert implies(read_condition(one), read_condition(other), {}) is (first <= second)
    assert never_true(Every((read_condition(one), read_condition(other))), {}) is (not first & second)


@pytest.mark.parametrize("name", ["tier", "context.mood"])
@given(data=st.data())
def test_of_two_conditions_about_one_word_boxes_tell_whenever_one_implies_the_other(name, data):
    one, other = data.draw(worded(name)), data.draw(worded(name))
    first, second = (true_of(text, name, [None, *WORDS]) for text in (one, other))
    vocabulary = {name: WORDS}
    assert never_true(Every((read_condition(one), read_condition(other))), vocabulary) is (not first & second)
    assert implies(read_condition(one), read_condition(other), vocabulary) is (first <= second)


@given(free(), free())
def test_of_two_conditions_about_a_fact_that_may_be_any_word_or_number_boxes_tell_whenever_one_implies_the_other(
    one, other
):
    first, second = (true_of(text, "context.mood", [*EVERY_NUMBER, *WORDS, "else"]) for text in (one, other))
    assert implies(read_condition(one), read_condition(other), {}) is (first <= second)
    assert never_true(Every((read_condition(one), read_condition(other))), {}) is (not first & second)


@given(untold(), untold())
def test_of_what_boxes_cannot_say_they_tell_nothing_that_is_not_so(one, other):
    first, second = (true_of(text, "context.mood", [*EVERY_NUMBER, *WORDS, "else"]) for text in (one, other))
    assert not implies(read_condition(one), read_condition(other), {}) or first <= second
    assert not never_true(Every((read_condition(one), read_condition(other))), {}) or not first & second


@pytest.mark.parametrize(
    ("one", "other", "implied"),
    [
        ("age IS NOT NULL", "age NOT BETWEEN 1 AND 0", True),
        ("age IS NOT NULL", "age < 1 OR age > 2 OR age BETWEEN 1 AND 2", True),
        ("age IS NOT NULL", "age < 1 OR age > 1", False),
        ("age IS NOT NULL", "age < 1 OR age >= 1", True),
        ("age BETWEEN 1 AND 3", "age BETWEEN 0 AND 2 OR age BETWEEN 2 AND 4", True),
        ("age > 1", "age < 9 AND income > 1 OR age > 8", False),
        ("age > 1 AND income > 1", "age < 9 AND income > 1 OR age > 8 AND income > 1", True),
        ("TRUE", "age IS NULL OR age IS NOT NULL AND age > 1", False),
    ],
)
def test_what_several_alternatives_allow_together_is_implied_though_none_allows_it_alone(one, other, implied):
    assert implies(read_condition(one), read_condition(other), {}) is implied


def test_of_more_boxes_than_are_looked_at_nothing_is_told_and_of_as_many_all_is():
    many = " AND ".join(f"f{number} <> 1" for number in range(8))
    assert len(boxes(read_condition(many), {})) == MOST == 256
    assert implies(read_condition(many), read_condition("f0 IS NOT NULL"), {})
    (one,) = boxes(read_condition(f"{many} AND f8 <> 1"), {})
    assert (dict(one.limits), one.exact) == ({}, False)
    listed = ", ".join(map(str, range(MOST + 1)))
    assert [each.exact for each in boxes(read_condition(f"age IN ({listed})"), {})] == [False]
