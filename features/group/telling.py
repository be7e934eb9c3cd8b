"""What one customer's own records say of groups, moment by moment: nothing of anybody else is in it."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from decisioning.customer import ConsentState
from features.consent_rule import ConsentAnswer, OneBy, standing
from features.group.sharing import said_by
from features.groups import said_of_group
from features.meeting import Meetings
from features.record import DEFECTS
from features.segment import CONSENT_UPDATED, name_of, properties_of

Call = tuple[int, str, bool]
"""When a `group` call happened, its id, and whether the customer is a member since."""
Trait = tuple[int, str, Any]
"""When a trait was told, by which call, and its value."""


class Telling(NamedTuple):
    """What was known by a moment from one customer's records.

    Parameters: `calls`, by group, the newest; `traits`, by group and name, the newest this customer told; `said`, by
    purpose, what their consent comes to.
    """

    calls: dict[str, Call]
    traits: dict[str, dict[str, Trait]]
    said: dict[str, bool]


class _Record(NamedTuple):
    node: int
    occurred_us: int
    known_us: int
    record_id: str
    body: bytes


def tellings(
    connection: sqlite3.Connection, customer_id: str, *, until: int, traits: Collection[str]
) -> Iterator[tuple[int, Telling]]:
    """Every telling of a customer, with when it became known, from the records up to one; by today's links.

    Parameters: `until`, its sequence number; `traits`, the names of those that are wanted.
    """
    records = [_Record._make(row) for row in connection.execute(_RECORDS, (customer_id, until))]
    return _moments(records, Meetings(connection, customer_id).one_by, traits)


def _moments(records: Iterable[_Record], one_by: OneBy, traits: Collection[str]) -> Iterator[tuple[int, Telling]]:
    """After each moment at which something became known."""
    by_moment: defaultdict[int, list[_Record]] = defaultdict(list)
    for record in records:
        by_moment[record.known_us].append(record)
    teller = _Teller(one_by, traits)
    for known_us, told in sorted(by_moment.items()):
        for record in told:
            teller.take(record)
        yield known_us, teller.telling()


class _Teller:
    """Takes records in, in whatever order, and says what they come to."""

    def __init__(self, one_by: OneBy, traits: Collection[str]) -> None:
        self._one_by = one_by
        self._wanted = frozenset(traits)
        self._calls: dict[str, Call] = {}
        self._traits: defaultdict[str, dict[str, Trait]] = defaultdict(dict)
        self._answers: defaultdict[tuple[str, str], list[ConsentAnswer]] = defaultdict(list)

    def take(self, record: _Record) -> None:
        """Take in a record; one that cannot be read says nothing."""
        try:
            raw = orjson.loads(record.body)
            name = name_of(raw, raw["type"])
            properties = properties_of(raw, raw["type"], name)
        except DEFECTS:
            return
        if raw["type"] == "group":
            self._join(record, *said_of_group(properties))
        elif raw["type"] == "track" and name == CONSENT_UPDATED:
            topic = properties["purpose"], properties.get("channel") or ""
            answer = ConsentAnswer(record.node, *topic, properties["granted"], record.occurred_us, record.record_id)
            self._answers[answer.topic].append(answer)

    def telling(self) -> Telling:
        """What was taken in by now."""
        stand = {topic: standing(given, self._one_by).granted for topic, given in self._answers.items()}
        traits = {group: dict(told) for group, told in self._traits.items()}
        return Telling(dict(self._calls), traits, said_by(ConsentState(stand)))

    def _join(self, record: _Record, group: str, is_member: bool, traits: dict[str, Any]) -> None:  # noqa: FBT001 (as said)
        made = record.occurred_us, record.record_id
        self._calls[group] = max(self._calls.get(group, (-1, "", False)), (*made, is_member))
        told = self._traits[group]
        for name in self._wanted & traits.keys():
            if name not in told or told[name][:2] < made:
                told[name] = (*made, traits[name])


_CONSENT = "EXISTS (SELECT 1 FROM consent c WHERE c.node = r.node AND c.message_id = r.record_id)"
SAYS = f"""instr(r.body, CAST('"group"' AS BLOB)) > 0 OR {_CONSENT}"""
"""Of a record `r`: that it may say something of groups or of consent."""
_RECORDS = f"""
    SELECT r.node, r.occurred_us, r.known_us, r.record_id, r.body
    FROM identifier i JOIN record r ON r.node = i.node
    WHERE i.customer_id = ? AND r.seq <= ? AND +r.kind = 'event' AND ({SAYS})
"""  # noqa: S608 (constants only)
