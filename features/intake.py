"""Taking events in: each is checked, what is refused is kept with its reason, the rest is durable once acknowledged."""

import gc
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Protocol

import orjson

from decisioning.errors import UnavailableError
from features.event import Event, parse_event
from features.event_log import Appended, append_events
from features.identity_memory import IdentityMemory
from features.ledger import Ledger, last_seq
from features.rejection import RejectedEventError, Rejection
from features.rejects import keep_rejects

BULK_BATCH = 20_000
_IN_FLIGHT = 2
_SHOWN_REJECTIONS = 1000


class Projection(Protocol):
    """What must have seen the events before they are acknowledged, such as the online features."""

    def catch_up(self) -> object:
        """Take in every record after the last one seen."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch.

    Parameters: `accepted`, new in the ledger; `duplicates`, there already; `rejected`, by place (of a bulk load, the
    first 1,000; all are in the reject table); `n_rejected`, all of them; `visible`, whether every projection has seen
    the events (they are durable in any case, and will be seen later).
    """

    accepted: int = 0
    duplicates: int = 0
    rejected: tuple[Rejection, ...] = ()
    n_rejected: int = 0
    visible: bool = True

    def __add__(self, other: "Receipt") -> "Receipt":
        """The receipt of both batches."""
        return Receipt(
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            (self.rejected + other.rejected)[:_SHOWN_REJECTIONS],
            self.n_rejected + other.n_rejected,
            self.visible and other.visible,
        )


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a batch came: when, by whose clock it was sent, from where, and whether it is declared history."""

    received_at: datetime
    sent_at: datetime | None = None
    source: str = "http"
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class _Parsed:
    events: list[Event]
    rejected: list[tuple[Rejection, bytes]]


class Intake:
    """Takes events into a ledger.

    Parameters: `projections`, caught up before events are acknowledged; `trust_email` and `max_per_identifier`, what
    the workspace says of identity.
    """

    def __init__(
        self,
        ledger: Ledger,
        projections: Sequence[Projection] = (),
        *,
        trust_email: bool = False,
        max_per_identifier: int = 5,
    ) -> None:
        self._ledger = ledger
        self._projections = tuple(projections)
        self._trust_email = trust_email
        self._max_per_identifier = max_per_identifier
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="projection")

    def close(self) -> None:
        """Finish what is under way."""
        self._executor.shutdown()

    def accept(
        self,
        raw_events: Sequence[Mapping[str, Any]],
        *,
        received_at: datetime,
        sent_at: datetime | None = None,
        source: str = "http",
        backfill: bool = False,
    ) -> Receipt:
        """Take in a batch; when this returns it is durable, and visible in the projections.

        Parameters: `received_at`, aware; `sent_at`, of the batch; `backfill`, declared history, whose own timestamps
        count. Raises: `UnavailableError` where the ledger cannot be written; then nothing was taken.
        """
        return self._show(self._append(raw_events, Arrival(received_at, sent_at, source, backfill)).result())

    def accept_later(
        self,
        raw_events: Sequence[Mapping[str, Any]],
        *,
        received_at: datetime,
        sent_at: datetime | None = None,
        source: str = "http",
        backfill: bool = False,
    ) -> "Future[Receipt]":
        """As `accept`, without waiting: batches that arrive together share a commit and a catch-up."""
        appended = self._append(raw_events, Arrival(received_at, sent_at, source, backfill))
        return self._executor.submit(lambda: self._show(appended.result()))

    def load(self, raw_events: Iterable[Mapping[str, Any] | bytes], arrival: Arrival) -> Receipt:
        """Take in a long stream, such as a file's lines of JSON, at full speed; projections are left to the caller.

        Every batch of 20,000 is durable by itself, so an interrupted load is simply run again. A line that is not JSON
        is rejected with its place; blank lines are passed over.
        """
        with _without_collecting():
            return sum(self._loaded(raw_events, arrival), Receipt())

    def _loaded(self, raw_events: Iterable[Mapping[str, Any] | bytes], arrival: Arrival) -> Iterator[Receipt]:
        """The receipts of the batches; the next one is parsed while the last one is written."""
        bulk, place, waiting = _Bulk(self._max_per_identifier), 0, deque[Future[Receipt]]()
        for batch in _batches(raw_events):
            parsed = self._parse(_decoded(batch, place), arrival)
            place += len(batch)
            waiting.append(self._ledger.write(partial(bulk.keep, parsed=parsed, arrival=arrival)))
            if len(waiting) > _IN_FLIGHT:
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)

    def _append(self, raw_events: Sequence[Mapping[str, Any]], arrival: Arrival) -> "Future[Receipt]":
        parsed = self._parse(enumerate(raw_events), arrival)

        return self._ledger.write(lambda connection: _keep(connection, parsed, arrival, self._memory(connection)))

    def _memory(self, connection: sqlite3.Connection) -> IdentityMemory:
        return IdentityMemory(connection, self._max_per_identifier)

    def _parse(self, numbered: Iterable[tuple[int, Any]], arrival: Arrival) -> _Parsed:
        parsed = _Parsed([], [])
        for place, raw in numbered:
            try:
                parsed.events.append(self._event(raw, arrival))
            except RejectedEventError as error:
                parsed.rejected.append((Rejection.of(place, error), _raw_bytes(raw)))
        return parsed

    def _event(self, raw: Any, arrival: Arrival) -> Event:
        if isinstance(raw, _Undecodable):
            raise RejectedEventError("invalid_json", "", f"the line is not JSON: {raw.reason}")
        return parse_event(
            raw,
            received_at=arrival.received_at,
            sent_at=arrival.sent_at,
            source=arrival.source,
            trust_email=self._trust_email,
            correct_clock=not arrival.backfill,
        )

    def _show(self, receipt: Receipt) -> Receipt:
        try:
            for projection in self._projections:
                projection.catch_up()
        except UnavailableError:
            return replace(receipt, visible=False)
        return receipt


class _Bulk:
    """The identity graph in memory across the transactions of one load, read anew if anybody else wrote meanwhile."""

    def __init__(self, max_per_identifier: int) -> None:
        self._max_per_identifier = max_per_identifier
        self._memory: IdentityMemory | None = None
        self._seq = -1

    def keep(self, connection: sqlite3.Connection, parsed: _Parsed, arrival: Arrival) -> Receipt:
        memory = self._memory if self._seq == last_seq(connection) else None
        self._memory = None
        if memory is None:
            memory = IdentityMemory(connection, self._max_per_identifier)
            memory.remember_all()
        receipt = _keep(connection, parsed, arrival, memory)
        self._memory, self._seq = memory, last_seq(connection)
        return receipt


@dataclass(frozen=True, slots=True)
class _Undecodable:
    line: bytes
    reason: str


def _keep(connection: sqlite3.Connection, parsed: _Parsed, arrival: Arrival, memory: IdentityMemory) -> Receipt:
    appended: Appended = append_events(connection, parsed.events, memory, backfill=arrival.backfill)
    keep_rejects(connection, parsed.rejected, source=arrival.source, received_at=arrival.received_at)
    rejected = tuple(why for why, _ in parsed.rejected)
    return Receipt(appended.accepted, appended.duplicates, rejected, len(rejected))


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Pause the cyclic garbage collector: a load makes millions of objects and no cycles, and is a third faster."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _batches(raw_events: Iterable[Mapping[str, Any] | bytes]) -> Iterator[list[Mapping[str, Any] | bytes]]:
    stream = iter(raw_events)
    while batch := list(islice(stream, BULK_BATCH)):
        yield batch


def _decoded(batch: Sequence[Mapping[str, Any] | bytes], start: int) -> Iterator[tuple[int, Any]]:
    for place, raw in enumerate(batch, start):
        if not isinstance(raw, bytes):
            yield place, raw
        elif not raw.isspace() and raw:
            yield place, _json(raw)


def _json(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return _Undecodable(line, str(error))


def _raw_bytes(raw: Any) -> bytes:
    if isinstance(raw, _Undecodable):
        return raw.line
    try:
        return orjson.dumps(raw, default=str)
    except TypeError:
        return repr(raw).encode(errors="replace")
