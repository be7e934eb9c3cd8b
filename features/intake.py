"""Taking events in: each is checked, what is refused is kept with its reason, the rest is durable once acknowledged."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, Protocol

from decisioning.errors import UnavailableError
from features.batch_ahead import BatchAhead, sent_ahead
from features.bulk_load import BulkMemory, KeptBatch, ParsedBatch, indexed_late, keep_batch
from features.collecting import without_collecting
from features.contract.contract import NO_CONTRACTS, Contracts
from features.event import Event, parse_event
from features.event_columns import columns_of
from features.event_lines import RawEvent, batches, decoded, decoded_line, raw_bytes
from features.identity_memory import IdentityMemory
from features.identity_rules import IdentityRules
from features.ledger import Ledger
from features.lines_ahead import NOBODY, Ahead, NamedOwners
from features.receipt import Arrival, Receipt
from features.rejection import RejectedEventError, Rejection

__all__ = ["Arrival", "Intake", "Projection", "Receipt"]

BULK_BATCH = 20_000


class Projection(Protocol):
    """What must have seen the events before they are acknowledged, such as the online features."""

    def catch_up(self) -> object:
        """Take in every record after the last one seen."""
        ...


class Intake:
    """Takes events into a ledger.

    Parameters: `projections`, caught up before events are acknowledged; `rules`, what the workspace says of
    identity; `contracts`, what it agreed of events.
    """

    def __init__(
        self,
        ledger: Ledger,
        projections: Sequence[Projection] = (),
        *,
        rules: IdentityRules | None = None,
        contracts: Contracts = NO_CONTRACTS,
    ) -> None:
        self._ledger = ledger
        self._projections = tuple(projections)
        self._rules = rules or IdentityRules()
        self._contracts = contracts
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

    def load(self, raw_events: Iterable[RawEvent], arrival: Arrival, ahead: Ahead = NOBODY) -> Receipt:
        """Take in a long stream, such as a file's lines of JSON, at full speed; projections are left to the caller.

        Every batch of 20,000 is durable by itself, so an interrupted load is simply run again. A line that is not JSON
        is rejected with its place; blank lines are passed over. Parameters: `ahead`, who may read lines meanwhile.
        """
        with without_collecting(), indexed_late(self._ledger) as index:
            bulk = BulkMemory(self._rules, index)
            receipt = sum(self._loaded(bulk, raw_events, arrival, ahead), Receipt())
            ahead.end()
        return receipt

    def _loaded(
        self, bulk: BulkMemory, raw_events: Iterable[RawEvent], arrival: Arrival, ahead: Ahead
    ) -> Iterator[Receipt]:
        """The receipts of the batches. One is parsed while that before it is synced to disk.

        But never while that one is written: two threads of Python would only wait for each other.
        """
        before = _Batch(None)
        for batch, parsed in self._batches(raw_events, arrival, ahead):
            yield from before.receipts(ahead)
            before = _Batch(self._written(partial(bulk.keep, parsed=parsed, arrival=arrival)), batch)
        yield from before.receipts(ahead)

    def _batches(
        self, raw_events: Iterable[RawEvent], arrival: Arrival, ahead: Ahead
    ) -> Iterator[tuple[BatchAhead | None, ParsedBatch]]:
        """The batches, parsed; with what was found by whom reads ahead, where somebody did."""
        owners = NamedOwners()
        for start, batch, lines in sent_ahead(batches(raw_events, BULK_BATCH), ahead):
            found = ahead.receive() if lines else None
            if found is None:
                yield None, self._parse(decoded(batch, start), arrival)
            else:
                read = BatchAhead(start, lines, found, *owners.of(found))
                yield read, read.completed(partial(self._parse_some, lines, start, arrival=arrival))

    def _parse_some(
        self, lines: Sequence[bytes], start: int, places: Sequence[int], *, arrival: Arrival
    ) -> ParsedBatch:
        some = ((start + place, lines[place]) for place in places if lines[place])
        return self._parse(((place, decoded_line(line), line) for place, line in some), arrival)

    def _written(self, operation: Callable[[sqlite3.Connection], KeptBatch]) -> "Future[KeptBatch]":
        """Run an operation and return when it has run; the future resolves once it is durable."""
        ran: Future[None] = Future()

        def run(connection: sqlite3.Connection) -> KeptBatch:
            try:
                return operation(connection)
            finally:
                ran.set_result(None)

        durable = self._ledger.write(run)
        either: tuple[Future[Any], ...] = (ran, durable)
        wait(either, return_when=FIRST_COMPLETED)
        return durable

    def _append(self, raw_events: Sequence[Mapping[str, Any]], arrival: Arrival) -> "Future[Receipt]":
        parsed = self._parse(((place, raw, b"") for place, raw in enumerate(raw_events)), arrival)

        def keep(connection: sqlite3.Connection) -> Receipt:
            return keep_batch(connection, parsed, arrival, self._memory(connection)).receipt

        return self._ledger.write(keep)

    def _memory(self, connection: sqlite3.Connection) -> IdentityMemory:
        return IdentityMemory(connection, self._rules)

    def _parse(self, numbered: Iterable[tuple[int, Any, bytes]], arrival: Arrival) -> ParsedBatch:
        events: list[Event] = []
        places: list[int] = []
        rejected: list[tuple[Rejection, bytes]] = []
        warned: list[tuple[Rejection, bytes]] = []
        read, breach_of = self._reader(arrival), self._contracts.breach
        for place, raw, line in numbered:
            try:
                event = read(raw, line=line)
                if breach_of is not None and (breach := breach_of(event)) is not None:
                    warned.append((breach.warning(place), raw_bytes(raw)))
                events.append(event)
                places.append(place)
            except RejectedEventError as error:
                rejected.append((Rejection.of(place, error), raw_bytes(raw)))
        return ParsedBatch(columns_of(events, places), rejected, warned)

    def _reader(self, arrival: Arrival) -> Callable[..., Event]:
        return partial(
            parse_event,
            received_at=arrival.received_at,
            sent_at=arrival.sent_at,
            source=arrival.source,
            trust_email=self._rules.trust_email,
            country=self._rules.country,
            correct_clock=not arrival.backfill,
        )

    def _show(self, receipt: Receipt) -> Receipt:
        try:
            for projection in self._projections:
                projection.catch_up()
        except UnavailableError:
            return replace(receipt, visible=False)
        return receipt


class _Batch(NamedTuple):
    """A batch that is written, and how it was read ahead, where it was. Parameters: `kept`, None before the first."""

    kept: "Future[KeptBatch] | None"
    read: BatchAhead | None = None

    def receipts(self, ahead: Ahead) -> Iterator[Receipt]:
        """Wait until it is durable; who read it ahead is told."""
        if self.kept is not None:
            kept = self.kept.result()
            if self.read is not None:
                ahead.keep(self.read.kept(kept.appended))
            yield kept.receipt
