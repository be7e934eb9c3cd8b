"""Reward events that the log does not have: with a misspelt one, everything seems to earn nothing."""

from collections.abc import Iterable
from difflib import get_close_matches

import orjson

from features.ledger import Ledger
from features.workspace import Goal
from training.goal_event import each_goal_event

_ANY = "SELECT 1 FROM record WHERE kind = 'event' AND instr(body, ?) LIMIT 1"
_TRACKED = "SELECT body FROM record WHERE +kind = 'event' ORDER BY seq DESC LIMIT ?"
LATEST = 100_000
"""Events among which the nearest names are looked for."""
_EVER = 2**62


def unseen_rewards(ledger: Ledger, goal: Goal) -> tuple[str, ...]:
    """A warning for each event of `[[goal.rewards]]` that no event of the log has, with the nearest names there are."""
    asked = list(dict.fromkeys(reward.event for reward in goal.rewards))
    unseen = [name for name in asked if not _occurs(ledger, name)]
    known = _tracked(ledger) if unseen else set()
    return tuple(_warning(name, known) for name in unseen)


def _occurs(ledger: Ledger, name: str) -> bool:
    """Whether there is one: quickly where its name stands as we would write it, else however it is spelt."""
    with ledger.read() as connection:
        is_there = connection.execute(_ANY, (orjson.dumps(name),)).fetchone() is not None
    return is_there or next(each_goal_event(ledger, [name], after_us=-_EVER, until_us=_EVER), None) is not None


def _tracked(ledger: Ledger) -> set[str]:
    found = set[str]()
    with ledger.read() as connection:
        for (body,) in connection.execute(_TRACKED, (LATEST,)):
            raw = orjson.loads(body)
            if raw.get("type") == "track" and isinstance(raw.get("event"), str):
                found.add(raw["event"])
    return found


def _warning(name: str, known: Iterable[str]) -> str:
    near = ", ".join(map(repr, get_close_matches(name, list(known), n=3)))
    return f"no event of the log is called {name!r} (goal.rewards); nearest are: {near or 'none'}"
