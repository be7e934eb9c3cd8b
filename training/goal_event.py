"""The events that rewards and labels look at, read from the ledger: few of very many."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from features.ledger import Ledger

PAGE = 4_096
"""Events whose bodies are held at once."""
_ORDER = """
    SELECT r.seq FROM record r
    WHERE +r.kind = 'event' AND r.occurred_us > ? AND r.occurred_us <= ? AND ({named})
    ORDER BY r.occurred_us, r.record_id
"""
"""One pass over the records as they lie: the index on kinds has another order, and would look them up one by one."""
_PAGE = """
    SELECT i.customer_id, r.occurred_us, r.body FROM json_each(?) asked
    CROSS JOIN record r ON r.seq = asked.value JOIN identifier i ON i.node = r.node
"""


_ESCAPE = b"\\"
"""A body lies as it was sent, and may spell a name in JSON's escapes: one that has any is read whatever it says."""


class GoalEvent(NamedTuple):
    """One track event of one customer (of today, after every merge)."""

    customer_id: str
    occurred_us: int
    name: str
    properties: Mapping[str, Any]


def each_goal_event(ledger: Ledger, names: Iterable[str], *, after_us: int, until_us: int) -> Iterator[GoalEvent]:
    """The track events of these names in (after, until], in order of time."""
    wanted = sorted(set(names))
    for customer_id, occurred_us, body in _rows(ledger, wanted, after_us=after_us, until_us=until_us):
        raw = orjson.loads(body)
        if raw.get("type") == "track" and raw.get("event") in wanted:
            yield GoalEvent(customer_id, occurred_us, raw["event"], raw.get("properties") or {})


def _rows(ledger: Ledger, names: Sequence[str], *, after_us: int, until_us: int) -> Iterator[tuple[str, int, bytes]]:
    """Customer, time and body of every event that may have one of the names, in order of time."""
    if not names:
        return
    looked_for = (*map(orjson.dumps, names), _ESCAPE)
    query = _ORDER.format(named=" OR ".join(["instr(r.body, ?)"] * len(looked_for)))
    with ledger.read() as connection:
        given = (after_us, until_us, *looked_for)
        order = array("q", (seq for (seq,) in connection.execute(query, given)))
    for start in range(0, len(order), PAGE):
        asked = orjson.dumps(order[start : start + PAGE].tolist())
        with ledger.read() as connection:
            page = connection.execute(_PAGE, (asked,)).fetchall()
        yield from page
