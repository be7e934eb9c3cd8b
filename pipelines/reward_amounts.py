"""Reward rules that give nothing for events that there are: a misspelt property, amounts as text, a vain condition.

What is worth nothing is worth nothing to every policy: learning would go on, and mean something else.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import orjson

from features.ledger import Ledger
from features.workspace import Goal, Reward
from training.goal_event import GoalEvent
from training.reward import has_amount, meets

LATEST = 100_000
"""Records of events among which those that are rewarded are looked at."""
TOLD = 0.05
"""A share of events without an amount that is no mere slip."""
_LATEST = "SELECT body FROM record WHERE +kind = 'event' ORDER BY seq DESC LIMIT ?"


def worthless_rewards(ledger: Ledger, goal: Goal) -> tuple[str, ...]:
    """A warning for each of `[[goal.rewards]]` that the latest events of its name do not meet, or give no amount."""
    seen = _latest(ledger, {rule.event for rule in goal.rewards})
    told = (_warning(rule, seen[rule.event]) for rule in goal.rewards if rule.event in seen)
    return tuple(each for each in told if each)


def _latest(ledger: Ledger, names: set[str]) -> Mapping[str, Sequence[GoalEvent]]:
    found: dict[str, list[GoalEvent]] = {}
    with ledger.read() as connection:
        for (body,) in connection.execute(_LATEST, (LATEST if names else 0,)):
            raw = orjson.loads(body)
            if raw.get("type") == "track" and raw.get("event") in names:
                event = GoalEvent("", 0, raw["event"], raw.get("properties") or {})
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
