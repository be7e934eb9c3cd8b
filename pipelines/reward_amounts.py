"""Reward rules that count the events there are for nothing, or for what they are not: another currency's amounts.

What is worth nothing is worth nothing to every policy: learning would go on, and mean something else.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from features.ledger import Ledger
from features.stated_currency import is_in, stated_currency
from features.workspace import Goal, Reward
from pipelines.reward_events import latest_tracked, unseen_rewards
from training.goal_event import GoalEvent
from training.reward import has_amount, meets

TOLD = 0.05
"""A share of events without an amount that is no mere slip."""


def doubtful_rewards(ledger: Ledger, goal: Goal, *, currency: str) -> tuple[str, ...]:
    """A warning for each of `[[goal.rewards]]` by which the latest events of its name are worth nothing, or too much.

    Parameters: `currency` of the catalogue, in which rewards are counted.
    """
    seen = _latest(ledger, {rule.event for rule in goal.rewards})
    known = [(rule, seen[rule.event]) for rule in goal.rewards if rule.event in seen]
    told = (word for rule, events in known for word in (_warning(rule, events), _foreign(rule, events, currency)))
    return tuple(each for each in told if each)


def reward_warnings(ledger: Ledger, goal: Goal, *, currency: str) -> tuple[str, ...]:
    """Everything that is doubtful of `[[goal.rewards]]`: events that never come, and `doubtful_rewards`."""
    return (*unseen_rewards(ledger, goal), *doubtful_rewards(ledger, goal, currency=currency))


def _latest(ledger: Ledger, names: set[str]) -> Mapping[str, Sequence[GoalEvent]]:
    found: dict[str, list[GoalEvent]] = {}
    for event in latest_tracked(ledger) if names else ():
        if event.name in names:
            found.setdefault(event.name, []).append(event)
    return found


def _warning(rule: Reward, events: Sequence[GoalEvent]) -> str:
    which = f"{rule.event!r} (goal.rewards)"
    if rule.amount is None and rule.value is None:
        return f"the rule for {which} has neither `amount` nor `value`: it is worth nothing"
    met = [event for event in events if meets(event, rule)]
    if not met:
        return f"none of the latest {len(events):,} events {which} has {_words(rule.where)}: they are worth nothing"
    without = [event for event in met if not has_amount(event, rule)]
    if len(without) <= TOLD * len(met):
        return ""
    share = f"{len(without):,} of the latest {len(met):,} events {which} have no number as {rule.amount!r}"
    return f"{share} and are worth nothing; {_instead(rule.amount or '', without)}"


def _foreign(rule: Reward, events: Sequence[GoalEvent], currency: str) -> str:
    """Amounts that events tell in another currency are added to the catalogue's as they are."""
    counted = [event for event in events if rule.amount and meets(event, rule) and has_amount(event, rule)]
    foreign = [event for event in counted if not is_in(event.properties, currency)]
    if not foreign:
        return ""
    others = ", ".join(sorted({stated_currency(event.properties) for event in foreign})[:3])
    share = f"{len(foreign):,} of the latest {len(counted):,} events {rule.event!r} (goal.rewards) are in {others}"
    return f"{share} and are counted as {currency}; give each currency a rule with a `where` and a `weight` of its own"


def _words(where: Mapping[str, Any]) -> str:
    return " and ".join(f"{key!r} = {value!r}" for key, value in where.items())


def _instead(amount: str, without: Sequence[GoalEvent]) -> str:
    """What stands where the amount was looked for; no value is told."""
    as_text = sum(isinstance(event.properties.get(amount), str) for event in without)
    if as_text:
        return f"{as_text:,} have a text there"
    known = sorted({key for event in without for key in _numbers(event.properties)})
    near = ", ".join(map(repr, get_close_matches(amount, known, n=3, cutoff=0.0)))
    return f"their numbers are: {near or 'none'}"


def _numbers(properties: Mapping[str, Any]) -> Iterator[str]:
    return (key for key, value in properties.items() if isinstance(value, int | float) and not isinstance(value, bool))
