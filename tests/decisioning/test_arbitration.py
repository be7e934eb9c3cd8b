import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_options import is_sound
from plain_options import priority as plainly

from decisioning.arbitration import Built, Factors, Stakes, all_sound, are_sound, gains, priorities
from decisioning.ports import Scores


def _factors(**changes):
    return Factors(**{"propensity": 0.2, "uplift": 0.1, "value": 50.0, "cost": 1.0, **changes})


def priority(factors, mode):
    """As the domain reckons it, of one."""
    scores = Scores(np.array([factors.propensity]), np.array([factors.uplift]))
    stakes = Stakes(factors.value, factors.cost, factors.context_weight * factors.lever)
    return priorities(gains(scores, stakes, mode), stakes, mode)[0]


def test_incremental_value_is_uplift_times_value_less_cost():
    assert priority(_factors(), "incremental_value") == pytest.approx(4.0)


def test_without_randomised_evidence_the_propensity_stands_in_for_the_uplift():
    assert priority(_factors(uplift=math.nan), "incremental_value") == pytest.approx(9.0)


def test_a_lever_favours_a_gain_and_never_deepens_a_loss():
    assert priority(_factors(lever=2.0), "incremental_value") == pytest.approx(9.0)
    assert priority(_factors(uplift=-0.1, lever=2.0), "incremental_value") == pytest.approx(-6.0)


def test_propensity_value_multiplies_the_four_factors():
    assert priority(_factors(lever=2.0, context_weight=1.5), "propensity_value") == pytest.approx(30.0)


PARTS = st.tuples(
    st.floats(0, 1), st.floats(-1, 1) | st.just(math.nan), *(st.floats(-50, 50) for _ in range(2)), st.floats(0.1, 3)
)


@given(st.lists(PARTS, min_size=1), st.sampled_from(get_args(Built)))
def test_many_customers_at_once_have_the_priorities_of_one_by_one(parts, mode):
    value, cost, lever = parts[0][2:]
    propensity, uplift = np.array([part[:2] for part in parts]).T
    factors = Factors(math.nan, math.nan, value, cost, lever=lever)
    one_by_one = [plainly(factors._replace(propensity=p, uplift=u), mode) for p, u, *_ in parts]
    stakes = Stakes(value, cost, lever)
    assert priorities(gains(Scores(propensity, uplift), stakes, mode), stakes, mode).tolist() == one_by_one


@pytest.mark.parametrize(
    "broken",
    [
        {"propensity": math.nan},
        {"propensity": 1.1},
        {"propensity": -0.1},
        {"uplift": math.inf},
        {"uplift": 1.2},
    ],
)
def test_a_score_that_is_no_probability_is_not_sound(broken):
    for factors, expected in ((_factors(), True), (_factors(**broken), False)):
        scores = Scores(np.array([0.5, factors.propensity]), np.array([math.nan, factors.uplift]))
        assert is_sound(factors) is expected
        assert are_sound(scores).tolist() == [True, expected]
        assert all_sound(scores) is expected


chances = st.sampled_from([-1e-9, 0.0, 0.3, 1.0, 1.0 + 1e-9, math.nan, math.inf])
changed = st.sampled_from([-1.0 - 1e-9, -1.0, 0.0, 1.0, 1.0 + 1e-9, math.nan, -math.inf])


@given(st.lists(st.tuples(chances, changed), max_size=4))
def test_all_are_sound_where_each_is_at_the_very_edges_too(told):
    scores = Scores(np.array([one for one, _ in told]), np.array([other for _, other in told]))
    each = [0.0 <= one <= 1.0 and not abs(other) > 1.0 for one, other in told]
    assert are_sound(scores).tolist() == each
    assert all_sound(scores) is all(each)
