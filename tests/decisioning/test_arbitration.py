import math

import pytest

from decisioning.arbitration import Factors, is_sound, priority


def _factors(**changes):
    return Factors(**{"propensity": 0.2, "uplift": 0.1, "value": 50.0, "cost": 1.0, **changes})


def test_incremental_value_is_uplift_times_value_less_cost():
    assert priority(_factors(), "incremental_value") == pytest.approx(4.0)


def test_without_randomised_evidence_the_propensity_stands_in_for_the_uplift():
    assert priority(_factors(uplift=math.nan), "incremental_value") == pytest.approx(9.0)


def test_a_lever_favours_a_gain_and_never_deepens_a_loss():
    assert priority(_factors(lever=2.0), "incremental_value") == pytest.approx(9.0)
    assert priority(_factors(uplift=-0.1, lever=2.0), "incremental_value") == pytest.approx(-6.0)


def test_propensity_value_multiplies_the_four_factors():
    assert priority(_factors(lever=2.0, context_weight=1.5), "propensity_value") == pytest.approx(30.0)


@pytest.mark.parametrize(
    "broken",
    [
        {"propensity": math.nan},
        {"propensity": 1.1},
        {"propensity": -0.1},
        {"uplift": math.inf},
        {"uplift": 1.2},
        {"value": math.nan},
        {"cost": math.inf},
    ],
)
def test_a_score_that_is_no_probability_or_not_finite_is_not_sound(broken):
    assert is_sound(_factors())
    assert not is_sound(_factors(**broken))
