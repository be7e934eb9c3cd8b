"""What a catalogue computes for each customer is the same over a log as in a decision."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from decisioning.condition_time import clock_values
from decisioning.formula import compile_formula, is_amount
from features.instant import from_us
from training.own_amount import DAY_US, own_amounts

FORMULAS = ["age * 2", "50 - age", "age / spare", "(now - today) / 1 hour", "age + context.fee", "segment + 1"]
numbers = st.none() | st.integers(-3, 60).map(float)


@given(st.sampled_from(FORMULAS), st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5))
def test_amounts_over_a_log_are_those_of_each_decision(formula, customers):
    decided_us = np.array([place * DAY_US + place * 3_600_000_000 for place in range(len(customers))])
    ages, spares = (np.array(column, dtype=object) for column in zip(*customers, strict=True))
    features = {"age": ages, "spare": spares, "segment": np.array(["gold"] * len(ages), dtype=object)}
    found = own_amounts(formula, 7.0, features=features, decided_us=decided_us)
    for row, (age, spare) in enumerate(customers):
        now = from_us(int(decided_us[row]))
        said = {"age": age, "spare": spare, "segment": "gold", **clock_values(now, now)}
        number = compile_formula(formula).number(said)
        assert (found[row] == number) if is_amount(number) else np.isnan(found[row])


def test_without_a_formula_it_is_what_is_usual():
    assert own_amounts("", 7.0, features={}, decided_us=np.zeros(2, dtype=np.int64)).tolist() == [7.0, 7.0]
