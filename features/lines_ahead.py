"""Lines of JSON that another process reads ahead: what it finds, and what it is told of those that were kept.

Whoever loads has the last word: it writes the ledger, and reads by itself whatever is not a plain event.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np

from features.contract.contract import NO_CONTRACTS, Contracts
from features.event import Event
from features.event_body import MAX_BYTES
from features.event_lines import decoded_line
from features.fact import Fact
from features.identifier import Identifier
from features.instant import to_us
from features.owners import Numbers, Owners, Times
from features.plain_event import PlainEvent, plain_event
from features.receipt import Arrival
from features.record import event_fact

MOST_NAMES = 1_000_000
"""So many pairs of ids are numbered; then numbering begins anew, so that memory stays bounded."""


class FoundLines(NamedTuple):
    """What was found in a batch of lines, by place in it.

    Parameters: `message_ids`, None of what is no plain event; `owners`, whose each is, by number; `named`, the
    (user id, anonymous id) of the numbers that are new; `anew`, those numbered before are forgotten.
    """

    message_ids: list[str | None]
    owners: Numbers
    occurred_us: Times
    named: list[tuple[str, str]]
    anew: bool


class KeptLines(NamedTuple):
    """Which lines of a batch became records.

    Parameters: `first`, `last`, the sequence numbers of their records, all of this batch; `nodes`, by place in the
    batch, of whom each is (-1: not kept); `occurred_us`, by place, of those that were not plain.
    """

    first: int
    last: int
    nodes: Times
    occurred_us: dict[int, int]


class Ahead(Protocol):
    """Reads batches of lines elsewhere, one after the other."""

    def send(self, lines: Sequence[bytes]) -> bool:
        """Hand lines over; whether they were taken."""
        ...

    def receive(self) -> FoundLines | None:
        """What was found in the oldest lines that were sent; None where nobody answers."""
        ...

    def keep(self, kept: KeptLines) -> None:
        """Tell what became of the oldest lines that were received."""
        ...

    def end(self) -> None:
        """Tell that there are no more."""
        ...


class Nobody:
    """Takes nothing."""

    def send(self, lines: Sequence[bytes]) -> bool:  # noqa: ARG002 (the port's)
        """Takes none."""
        return False

    def receive(self) -> FoundLines | None:
        """Found nothing."""
        return None

    def keep(self, kept: KeptLines) -> None:
        """Has sent nothing."""

    def end(self) -> None:
        """Has nothing to tell."""


NOBODY = Nobody()


def identifiers_named(named: tuple[str, str]) -> tuple[Identifier, ...]:
    """The identifiers of an event that is no identify, strongest first.

    >>> identifiers_named(("", "a-1"))
    (('anonymous_id', 'a-1'),)
    """
    user, anonymous = named
    if user:
        return (("user_id", user), ("anonymous_id", anonymous)) if anonymous else (("user_id", user),)
    return (("anonymous_id", anonymous),)


class NamedOwners:
    """The identifiers that numbers stand for, as they are told batch by batch."""

    def __init__(self) -> None:
        self._named: list[tuple[Identifier, ...]] = []

    def of(self, found: FoundLines) -> tuple[Owners, list[tuple[Identifier, ...]]]:
        """The owner of each line, and the identifiers of each; of what is no plain event, whatever."""
        if found.anew:
            self._named = []
        self._named += map(identifiers_named, found.named)
        named = self._named or [()]
        return Owners(found.owners, self._named), [named[owner] for owner in found.owners.tolist()]


class LineReader:
    """Reads batches of lines, and remembers what they say to features until it is told what was kept of them.

    Parameters: `arrival`, how all of them came; `contracts`, what the workspace agreed of events.
    """

    def __init__(self, arrival: Arrival, contracts: Contracts = NO_CONTRACTS) -> None:
        self._arrival = arrival
        self._breach_of = contracts.breach
        self._numbers: dict[tuple[str, str], int] = {}
        self._read: deque[list[Any]] = deque()

    def read(self, lines: Sequence[bytes]) -> FoundLines:
        """What the lines of a batch are."""
        anew = len(self._numbers) > MOST_NAMES
        if anew:
            self._numbers.clear()
        known, n_known = self._numbers, len(self._numbers)
        read = [self._line(line) for line in lines]
        self._read.append(read)
        plain = [each if type(each) is tuple else _NOT_PLAIN for each in read]
        owners = np.array([known.setdefault(each[3], len(known)) if each[0] else -1 for each in plain], dtype=np.int32)
        named = list(islice(known, n_known, None))
        occurred_us = np.array([each[4] for each in plain], dtype=np.int64)
        return FoundLines([each[0] or None for each in plain], owners, occurred_us, named, anew)

    def facts(self, kept: KeptLines) -> tuple[list[int], list[Fact]]:
        """What the kept lines of the oldest batch say to features: (nodes, facts).

        Raises: one of `DEFECTS` where one cannot be read.
        """
        told = [(place, node, event) for place, (node, event) in enumerate(self._with_nodes(kept)) if node >= 0]
        backfill, received_us = self._arrival.backfill, to_us(self._arrival.received_at)
        facts = [
            Fact(event[1], event[2], event[5], event[4], event[4] if backfill else received_us, event[6])
            if type(event) is tuple
            else self._fact(event, kept.occurred_us[place])
            for place, _, event in told
        ]
        return [node for _, node, _ in told], facts

    def _with_nodes(self, kept: KeptLines) -> Iterable[tuple[int, Any]]:
        return zip(kept.nodes.tolist(), self._read.popleft(), strict=True)

    def _line(self, line: bytes) -> Any:
        """The plain event of a line; what is no plain one as it is."""
        raw, arrival = decoded_line(line), self._arrival
        event = plain_event(raw, latest=arrival.received_at, correct_clock=not arrival.backfill)
        if event is None or arrival.sent_at is not None or len(line) > MAX_BYTES:
            return raw
        return raw if self._breach_of is not None and self._is_breach(event) else event

    def _is_breach(self, event: PlainEvent) -> bool:
        at = self._arrival.received_at
        asked = Event(event[0], event[1], event[2], (), at, at, event[5])
        return self._breach_of is not None and self._breach_of(asked) is not None

    def _fact(self, raw: Any, occurred_us: int) -> Fact:
        """What an event that is not plain says; a plain one is never ahead of the moment that it was received at."""
        known_us = occurred_us if self._arrival.backfill else max(occurred_us, to_us(self._arrival.received_at))
        return event_fact(raw, occurred_us, known_us)


_NOT_PLAIN: PlainEvent = ("", "", "", ("", ""), 0, {}, "")
