from collections import Counter

import pytest

from decisioning.catalog import HoldoutArms
from decisioning.holdout import ARMS, arm_of
from decisioning.lot import position

ARMS_BY_SHARE = HoldoutArms("salt", {"hold_out": 0.1, "random_eligible": 0.2, "no_levers": 0.05})


def test_shares_of_customers_are_as_declared():
    n = 20_000
    counts = Counter(arm_of(f"c_{i}", ARMS_BY_SHARE) for i in range(n))
    for arm, share in {**ARMS_BY_SHARE.shares, "nba": 0.65}.items():
        assert counts[arm] / n == pytest.approx(share, abs=0.012)


def test_an_arm_is_a_function_of_customer_and_salt_alone():
    assert [arm_of(f"c_{i}", ARMS_BY_SHARE) for i in range(50)] == [arm_of(f"c_{i}", ARMS_BY_SHARE) for i in range(50)]
    assert any(position(f"c_{i}", "a") != position(f"c_{i}", "b") for i in range(5))


def test_enlarging_the_first_arm_moves_nobody_into_another_but_the_one_it_takes_from():
    small, large = HoldoutArms("s", {"hold_out": 0.1}), HoldoutArms("s", {"hold_out": 0.2})
    for i in range(2_000):
        before, after = arm_of(f"c_{i}", small), arm_of(f"c_{i}", large)
        assert before == after or (before, after) == ("nba", "hold_out")


def test_every_arm_of_the_design_is_known():
    assert set(ARMS) == {"nba", "hold_out", "random_eligible", "no_levers", "eligibility_only"}
