from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_draws import chances_of, without
from plain_options import choices_by

from decisioning.exploration import generator_of
from decisioning.urn import Urn


def test_the_first_choice_has_what_exploration_leaves_and_its_own_share_of_it():
    found = chances_of(choices_by({"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.0}), 0.2)
    assert found == pytest.approx({"a": 0.85, "b": 0.05, "c": 0.05, "d": 0.05})


def test_without_exploration_the_first_choice_is_certain():
    assert chances_of(choices_by({"a": 3.0, "b": 2.0}), 0.0) == {"a": 1.0, "b": 0.0}


def test_ties_go_to_nothing_first_and_then_by_name():
    choices, order = choices_by({"b": 0.0, "a": 0.0, "no_action": 0.0}), []
    while choices.names:
        order.append(choices.best)
        choices = without(choices, {choices.best})
    assert order == ["no_action", "a", "b"]


@pytest.mark.parametrize(("uniform", "drawn"), [(0.0, "a"), (0.2499, "a"), (0.25, "b"), (0.9999999, "b")])
def test_a_draw_is_the_inverse_of_the_cumulative_distribution(uniform, drawn):
    assert Urn(choices_by({"a": 1.0, "b": 2.0}), 0.5).draw(uniform)[0] == drawn


def test_a_choice_of_probability_zero_is_never_drawn_even_at_the_edge():
    assert Urn(choices_by({"a": 2.0, "b": 1.0}), 0.0).draw(1.0) == ("a", 1.0, True)


@given(st.integers(0, 2**64 - 1))
def test_what_draws_by_a_seed_is_the_generator_of_the_standard_library(seed):
    generator, plain = generator_of(seed), Random(seed)  # noqa: S311 (exploration, not cryptography)
    assert [generator.random() for _ in range(3)] == [plain.random() for _ in range(3)]
