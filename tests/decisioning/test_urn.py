"""The urn says what choices say that are made anew for each rank, to the last bit."""

from itertools import accumulate, permutations
from math import exp, nextafter
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_draws import distribution, only, without

from decisioning.exploration import Choices
from decisioning.urn import Urn

BELOW_1 = nextafter(1.0, 0.0)
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
        plain = distribution(left, epsilon)
        edges = [each for each in accumulate(urn.probabilities(), initial=0.0) if each < 1.0]
        uniform = data.draw(st.sampled_from([random.random(), *edges, BELOW_1]))
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


@settings(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=4), st.sampled_from([0.3, 2.0, 50.0]), st.sampled_from([0.0, 0.2]))
def test_by_a_temperature_lists_are_drawn_as_plackett_and_luce_say(priorities, temperature, epsilon):
    left = Choices(tuple(f"a{place}" for place in range(len(priorities))), np.array(priorities))
    weights = {name: exp(each / temperature) for name, each in zip(left.names, priorities, strict=True)}
    total = 0.0
    for listed in permutations(left.names):
        urn, chance = Urn(left, epsilon, temperature), 1.0
        for rank, name in enumerate(listed):
            told = dict(zip(urn.names, urn.probabilities(), strict=True))
            rest = sum(weights[each] for each in listed[rank:])
            assert told[name] == pytest.approx(epsilon / len(told) + (1 - epsilon) * weights[name] / rest)
            chance *= told[name]
            urn.take_out({name})
        total += chance
    assert total == pytest.approx(1.0)


@given(st.integers(0, 2**32), st.sampled_from([1e-6, 1e-3]))
def test_next_to_no_temperature_draws_the_first_by_priority(seed, temperature):
    left = Choices(("a", "b", "c"), np.array([1.0, 3.0, -1e9]))
    random = Random(seed)  # noqa: S311 (exploration)
    assert Urn(left, 0.0, temperature).draw(random.random()) == ("b", 1.0, True)
