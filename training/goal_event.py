"""The events that rewards and labels look at, read from the ledger: few of very many."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from features.ledger import Ledger

_QUERY = """
    SELECT i.customer_id, r.occurred_us, r.body FROM record r JOIN identifier i ON i.node = r.node
    WHERE r.kind = 'event' AND r.occurred_us > ? AND r.occurred_us <= ? AND instr(r.body, ?)
    ORDER BY r.occurred_us, r.record_id
"""


class GoalEvent(NamedTuple):
    """One track event of one customer (of today, after every merge)."""

    customer_id: str
    occurred_us: int
    name: str
    properties: Mapping[str, Any]


def goal_events(ledger: Ledger, names: Iterable[str], *, after_us: int, until_us: int) -> dict[str, list[GoalEvent]]:
    """The track events of these names in (after, until], by customer, in order of time."""
    found: dict[str, list[GoalEvent]] = defaultdict(list)
    for name in sorted(set(names)):
        with ledger.read() as connection:
            rows = connection.execute(_QUERY, (after_us, until_us, orjson.dumps(name))).fetchall()
        for customer_id, occurred_us, body in rows:
            raw = orjson.loads(body)
            if raw.get("type") == "track" and raw.get("event") == name:
                found[customer_id].append(GoalEvent(customer_id, occurred_us, name, raw.get("properties") or {}))
    for events in found.values():
        events.sort(key=lambda event: event.occurred_us)
    return dict(found)
