"""Reads what customers did into the book of moments, from the ledger, each record once per trigger."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from decisioning.trigger import Trigger
from features.instant import to_us
from features.ledger import Ledger
from features.record import EVENT, Told, UnreadableRecordError, facts_in
from features.trigger.moment_book import MomentBook, Sign

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Watch:
    """Follows the ledger for the triggers that begin with an event."""

    ledger: Ledger
    book: MomentBook
    triggers: Mapping[str, Trigger]

    def read(self, *, now: datetime) -> None:
        """Read on to the newest record. A trigger that is new begins with what may still be due."""
        begun = {name: self._read_until(each, now) for name, each in self.triggers.items()}
        until = {name: seq for name, seq in begun.items() if self.triggers[name].event}
        newest = self.ledger.last_seq()
        while until and (after := min(until.values())) < newest:
            page = next(self.ledger.told(after, newest), [])
            reached = page[-1].seq if page else newest
            signs = [sign for record in page for sign in self._signs(record) if record.seq > until[sign.trigger]]
            behind = [name for name, seq in until.items() if seq < reached]
            self.book.note(signs, after_us={name: self._after_us(name) for name in behind}, seq=reached)
            until.update(dict.fromkeys(behind, reached))

    def _after_us(self, name: str) -> int:
        return self.triggers[name].after // _MICROSECOND

    def _read_until(self, trigger: Trigger, now: datetime) -> int:
        digest = _digest(trigger)
        seq = self.book.read_until(trigger.name, digest)
        if seq is None:
            seq = self._before(now - trigger.after - trigger.within)
            self.book.begin(trigger.name, digest, seq)
            self.book.remember(trigger.name, self._fired(trigger.name))
        return seq

    def _fired(self, name: str) -> list[tuple[int, int]]:
        """When it was decided for whom, as the ledger knows: (identifier, moment), should the book be a new one."""
        with self.ledger.read() as connection:
            return connection.execute(_FIRED, (request_of(name, ""), request_of(name, "\U0010ffff"))).fetchall()

    def _before(self, moment: datetime) -> int:
        """The last record that was received before this moment."""
        with self.ledger.read() as connection:
            row = connection.execute(_BEFORE, (to_us(moment),)).fetchone()
        return 0 if row is None else int(row[0])

    def _signs(self, record: Told) -> Iterator[Sign]:
        if record.kind != EVENT or record.node is None:
            return
        with suppress(UnreadableRecordError):
            for fact in facts_in(record):
                if fact.type == "track":
                    yield from self._said(fact.name, fact.properties, record.node, record)

    def _said(self, name: str, properties: Mapping[str, object], node: int, record: Told) -> Iterator[Sign]:
        for trigger in self.triggers.values():
            begins = bool(trigger.event) and trigger.begins(name, properties)
            if begins or (trigger.event and name in trigger.unless):
                yield Sign(trigger.name, node, record.occurred_us, str(record.seq), begins)


def request_of(trigger: str, occasion: str) -> str:
    """The request id of the decision of one occasion: the same occasion is never decided for twice.

    >>> request_of("cart", "17")
    'trigger:cart:17'
    """
    return f"trigger:{trigger}:{occasion}"


def _digest(trigger: Trigger) -> str:
    """The words of a trigger that say which events count."""
    words = (trigger.event, sorted(trigger.where.items()), trigger.unless, trigger.after)
    return blake2b(repr(words).encode(), digest_size=8).hexdigest()


_BEFORE = "SELECT seq FROM record WHERE received_us < ? ORDER BY seq DESC LIMIT 1"
_FIRED = """
    SELECT r.node, max(r.occurred_us)
    FROM request q JOIN record r ON r.kind = 'decision' AND r.record_id = q.decision_id
    WHERE q.request_id > ? AND q.request_id < ? AND r.node IS NOT NULL GROUP BY r.node
"""
