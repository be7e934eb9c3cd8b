"""Reward: the money that followed a decision within its window, less what showing it cost.

raw = Σ weight · amount − cost; capped = clip(Σ weight · min(amount, cap) − cost, ± the goal's reward cap).
"""

from collections.abc import Sequence
from typing import Any

from features.number import is_usual
from features.workspace import Reward
from training.goal_event import GoalEvent


def worth(event: GoalEvent, rewards: Sequence[Reward]) -> float:
    """What one event is worth by every reward rule that it matches; an amount that is not a number is worth 0.

    >>> worth(GoalEvent("c", 0, "Order Completed", {"margin": 5.0}), [Reward(event="Order Completed", amount="margin")])
    5.0
    """
    return sum(rule.weight * _amount(event, rule) for rule in rewards if meets(event, rule))


def capped_worth(event: GoalEvent, rewards: Sequence[Reward]) -> float:
    """As `worth`, with the event's amount cut at each rule's cap.

    >>> rule = Reward(event="Order Completed", amount="margin", weight=0.5, cap=50.0)
    >>> capped_worth(GoalEvent("c", 0, "Order Completed", {"margin": 900.0}), [rule])
    25.0
    """
    return sum(rule.weight * _capped_amount(event, rule) for rule in rewards if meets(event, rule))


def meets(event: GoalEvent, rule: Reward) -> bool:
    """Whether a rule is about this event."""
    return event.name == rule.event and all(event.properties.get(key) == value for key, value in rule.where.items())


def has_amount(event: GoalEvent, rule: Reward) -> bool:
    """Whether the event has the number that the rule counts, or the rule has one of its own.

    >>> rule = Reward(event="Order Completed", amount="margin")
    >>> [has_amount(GoalEvent("c", 0, "Order Completed", {"margin": given}), rule) for given in (9, "9", 1e300)]
    [True, False, False]
    """
    given = _given(event, rule)
    return not isinstance(given, bool) and isinstance(given, int | float) and is_usual(given)


def _given(event: GoalEvent, rule: Reward) -> Any:
    return event.properties.get(rule.amount) if rule.amount else rule.value


def _amount(event: GoalEvent, rule: Reward) -> float:
    return float(_given(event, rule)) if has_amount(event, rule) else 0.0


def _capped_amount(event: GoalEvent, rule: Reward) -> float:
    amount = _amount(event, rule)
    return amount if rule.cap is None else min(amount, rule.cap)
