"""Reward events that the log does not have: with a misspelt one, everything seems to earn nothing."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

import orjson

from features.ledger import Ledger
from features.workspace import Goal
from training.goal_event import GoalEvent, each_goal_event

_ANY = "SELECT 1 FROM record WHERE kind = 'event' AND instr(body, ?) LIMIT 1"
_LATEST = "SELECT body FROM record WHERE +kind = 'event' ORDER BY seq DESC LIMIT ?"
LATEST = 100_000
"""Records of events that are looked at for what the log has."""
_EVER = 2**62


def unseen_rewards(ledger: Ledger, goal: Goal) -> tuple[str, ...]:
    """A warning for each event of `[[goal.rewards]]` that no event of the log has, with the nearest names there are."""
    asked = list(dict.fromkeys(reward.event for reward in goal.rewards))
    unseen = [name for name in asked if not _occurs(ledger, name)]
    known = {event.name for event in latest_tracked(ledger)} if unseen else set()
    return tuple(_warning(name, known) for name in unseen)


def _occurs(ledger: Ledger, name: str) -> bool:
    """Whether there is one: quickly where its name stands as we would write it, else however it is spelt."""
    with ledger.read() as connection:
        is_there = connection.execute(_ANY, (orjson.dumps(name),)).fetchone() is not None
    return is_there or next(each_goal_event(ledger, [name], after_us=-_EVER, until_us=_EVER), None) is not None


def latest_tracked(ledger: Ledger) -> Iterator[GoalEvent]:
    """The events with a name among the log's latest, the newest first; of whom and when is left out."""
    with ledger.read() as connection:
        for (body,) in connection.execute(_LATEST, (LATEST,)):
            raw = orjson.loads(body)
            if raw.get("type") == "track" and isinstance(raw.get("event"), str):
                yield GoalEvent("", 0, raw["event"], raw.get("properties") or {})


def _warning(name: str, known: Iterable[str]) -> str:
    near = ", ".join(map(repr, get_close_matches(name, list(known), n=3)))
    return f"no event of the log is called {name!r} (goal.rewards); nearest are: {near or 'none'}"
