"""Numbers and products of many events are those of each."""

from hypothesis import given
from hypothesis import strategies as st

from features.number import number_of, numbers_of
from features.products import lone_amounts, lone_quantities, ordered_amount, ordered_quantity

values = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([-0.0, 10**400, 1e200, "2", "1e999", "much", "", None, True, [1], {"a": 1}]),
)
events = st.lists(
    st.fixed_dictionaries(
        {}, optional={"price": values, "quantity": values, "revenue": values, "products": st.sampled_from([None, 3])}
    ),
    max_size=5,
)


@given(given=st.lists(values, max_size=6))
def test_numbers_of_many_are_those_of_each(given):
    assert repr(numbers_of(given).tolist()) == repr(list(map(number_of, given)))


@given(told=events)
def test_a_product_of_many_events_counts_as_that_of_each(told):
    assert repr(lone_quantities(told).tolist()) == repr(list(map(ordered_quantity, told)))
    assert repr(lone_amounts(told).tolist()) == repr([ordered_amount(each, "") for each in told])
