"""The urn says what choices say that are made anew for each rank, to the last bit."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_draws import distribution, only, without

from decisioning.exploration import Choices
from decisioning.urn import Urn

numbers = st.sampled_from([-1.0, 0.0, 0.5, 2.0, 2.0])


@st.composite
def choices(draw):
    n, n_draws = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    names = tuple(f"a{place}" for place in range(n))
    priority = np.array(draw(st.lists(numbers, min_size=n, max_size=n)))
    row = st.lists(numbers, min_size=n_draws, max_size=n_draws)
    drawn = np.array(draw(st.lists(row, min_size=n, max_size=n))) if draw(st.booleans()) else None
    order = np.array(draw(st.permutations(range(n)))) if draw(st.booleans()) else None
    made = Choices(names, priority, drawn).by_preference(order)
    return made.or_nothing() if draw(st.booleans()) else made


@settings(deadline=None)
@given(choices(), st.sampled_from([0.0, 0.05, 0.4, 1.0]), st.integers(0, 2**32), st.data())
def test_an_urn_draws_as_choices_made_anew_do(left, epsilon, seed, data):
    urn, random = Urn(left, epsilon), Random(seed)  # noqa: S311 (exploration)
    while left.names:
        plain, uniform = distribution(left, epsilon), random.random()
        assert dict(zip(urn.names, urn.probabilities(), strict=True)) == plain.probabilities
        action = plain.draw(uniform)
        assert urn.draw(uniform) == (action, plain.probabilities[action], action == left.best)
        assert urn.best == left.best
        some = data.draw(st.sets(st.sampled_from(left.names), min_size=1))
        assert urn.best_of(some) == only(left, some).best
        gone = {action, *data.draw(st.sets(st.sampled_from([*left.names, "gone long ago"])))}
        left = without(left, gone)
        urn.take_out(gone)
    assert not urn
