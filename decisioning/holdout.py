"""Holdout arms: which measured alternative a customer is assigned to, by a hash that never changes."""

from typing import Literal, cast, get_args

from decisioning.catalog import HoldoutArms
from decisioning.lot import position

Arm = Literal["nba", "hold_out", "random_eligible", "no_levers", "eligibility_only"]
ARMS: tuple[str, ...] = get_args(Arm)


def arm_of(customer_id: str, arms: HoldoutArms) -> Arm:
    """The customer's arm; whatever the shares leave is `nba`.

    >>> arm_of("c_1", HoldoutArms(salt="x", shares={"hold_out": 1.0}))
    'hold_out'
    >>> arm_of("c_1", HoldoutArms())
    'nba'
    """
    left = position(customer_id, arms.salt)
    for name in ARMS[1:]:
        left -= arms.shares.get(name, 0.0)
        if left < 0:
            return cast("Arm", name)
    return "nba"
