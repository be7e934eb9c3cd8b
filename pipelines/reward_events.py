"""Reward events that the log does not have: with a misspelt one, everything seems to earn nothing."""

from collections.abc import Iterable
from difflib import get_close_matches

import orjson

from features.ledger import Ledger
from features.workspace import Goal

_ANY = "SELECT 1 FROM record WHERE kind = 'event' AND instr(body, ?) LIMIT 1"
_TRACKED = "SELECT body FROM record WHERE kind = 'event'"


def unseen_rewards(ledger: Ledger, goal: Goal) -> tuple[str, ...]:
    """A warning for each event of `[[goal.rewards]]` that no event of the log has, with the nearest names there are."""
    asked = list(dict.fromkeys(reward.event for reward in goal.rewards))
    doubtful = [name for name in asked if not _occurs(ledger, name)]
    known = _tracked(ledger) if doubtful else set()
    return tuple(_warning(name, known) for name in doubtful if name not in known)


def _occurs(ledger: Ledger, name: str) -> bool:
    with ledger.read() as connection:
        return connection.execute(_ANY, (orjson.dumps(name),)).fetchone() is not None


def _tracked(ledger: Ledger) -> set[str]:
    found = set[str]()
    with ledger.read() as connection:
        for (body,) in connection.execute(_TRACKED):
            raw = orjson.loads(body)
            if raw.get("type") == "track" and isinstance(raw.get("event"), str):
                found.add(raw["event"])
    return found


def _warning(name: str, known: Iterable[str]) -> str:
    near = ", ".join(map(repr, get_close_matches(name, list(known), n=3)))
    return f"no event of the log is called {name!r} (goal.rewards); nearest are: {near or 'none'}"
