"""Reward: the money that followed a decision within its window, less what showing it cost."""

from collections.abc import Iterable, Sequence
from math import isfinite

from features.workspace import Goal, Reward
from training.goal_event import GoalEvent


def worth(event: GoalEvent, rewards: Sequence[Reward]) -> float:
    """What one event is worth by every reward rule that it matches; an amount that is not a number is worth 0.

    >>> worth(GoalEvent("c", 0, "Order Completed", {"margin": 5.0}), [Reward(event="Order Completed", amount="margin")])
    5.0
    """
    return sum(_worth(event, rule) for rule in rewards if _matches(event, rule))


def reward_of(events: Iterable[GoalEvent], goal: Goal, *, cost: float) -> float:
    """The reward of a decision: the events of its window by the goal's rules, less the cost of the contact."""
    return sum(worth(event, goal.rewards) for event in events) - cost


def capped(reward: float, goal: Goal) -> float:
    """The reward cut at the goal's cap, above and below: what learning and the gate use.

    >>> capped(1_000.0, Goal(reward_cap=200.0))
    200.0
    """
    return max(-goal.reward_cap, min(goal.reward_cap, reward))


def _matches(event: GoalEvent, rule: Reward) -> bool:
    return event.name == rule.event and all(event.properties.get(key) == value for key, value in rule.where.items())


def _worth(event: GoalEvent, rule: Reward) -> float:
    given = event.properties.get(rule.amount) if rule.amount else rule.value
    if isinstance(given, bool) or not isinstance(given, int | float) or not isfinite(given):
        return 0.0
    return rule.weight * float(given)
