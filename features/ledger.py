"""The ledger: append-only, idempotent, durable before acknowledged; the only source of truth.

One SQLite file in WAL mode with `synchronous=FULL`. Every process may write: one writer thread each, transactions begun
with `BEGIN IMMEDIATE`.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from json import dumps
from pathlib import Path
from threading import Lock, local
from typing import Any, Protocol, Self, TypeVar

from features.fact import Fact
from features.ledger_file import ROOMY_KIB, UNUSABLE, connect, naming, prepare, unusable
from features.ledger_writer import LedgerWriter, Soon
from features.record import EVENT, Record, Told, facts_of

T = TypeVar("T")
PAGE = 5_000
_COLUMNS = """
    SELECT r.seq, r.kind, r.record_id, i.customer_id, r.occurred_us, r.received_us, r.known_us, r.source, r.body
    FROM record r LEFT JOIN identifier i ON i.node = r.node
"""
_BY_NODE = "SELECT r.seq, r.kind, r.node, r.occurred_us, r.received_us, r.known_us, r.body FROM record r"
_AT = f"{_COLUMNS} WHERE r.seq IN (SELECT value FROM json_each(?)) ORDER BY r.seq"  # noqa: S608 (constants only)
_OF_CUSTOMER = """
    SELECT r.seq, r.kind, r.record_id, i.customer_id, r.occurred_us, r.received_us, r.known_us, r.source, r.body
    FROM identifier i JOIN record r ON r.node = i.node
    WHERE i.customer_id = ? AND r.seq <= ? ORDER BY r.occurred_us, r.record_id
"""
_NAMED = """
    SELECT i.kind, i.value,
        r.seq, r.kind, r.record_id, i.customer_id, r.occurred_us, r.received_us, r.known_us, r.source, r.body
    FROM identifier i JOIN record r ON r.node = i.node
    WHERE i.customer_id = ? AND r.seq > ? AND r.seq <= ? ORDER BY r.seq
"""
IMPLIES = """EXISTS (
    SELECT 1 FROM contact c WHERE c.node = r.node AND c.decided_us = r.occurred_us
        AND c.decision_id = r.record_id AND c.expires_us IS NULL)
"""
"""Whether the decision of a record `r` implies that what it offers is shown."""
_SAYS = f"(r.kind != 'decision' OR {IMPLIES})"
_TOLD_OF = f"""
    SELECT r.seq, r.kind, r.record_id, i.customer_id, r.occurred_us, r.received_us, r.known_us, r.source, r.body
    FROM record r JOIN identifier i ON i.node = r.node
    WHERE r.seq IN (
        SELECT r.seq FROM identifier i JOIN record r ON r.node = i.node
        WHERE i.customer_id = ? AND {_SAYS} LIMIT ?
    )
    ORDER BY r.occurred_us, r.record_id
"""  # noqa: S608 (constants only)
_TELLING = f"AND r.seq <= ? AND {_SAYS}"
_TELLS = f"SELECT EXISTS (SELECT 1 FROM record r WHERE r.seq > ? {_TELLING})"  # noqa: S608 (constants only)
_LAST_SEQ = "SELECT max(seq) FROM record"
_FOR_EVER = 2**62


class Snapshots(Protocol):
    """Gives consistent views of a ledger's tables: the ledger itself, or its past."""

    def read(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection for reading, within one snapshot."""
        ...


class Ledger:
    """The records of one home.

    Parameters: `path` of the SQLite file; it is created with its tables where it is missing. `cache_kib`, what each
    connection may keep of it in memory. `recovered` says what a damaged end of its log had lost. Raises:
    `UnavailableError`, naming the file, where it cannot be used.
    """

    def __init__(self, path: Path, *, cache_kib: int = ROOMY_KIB) -> None:
        self.path, self._cache_kib = path, cache_kib
        self.recovered = prepare(path)
        self._writer = LedgerWriter(path, cache_kib=cache_kib)
        self._readers = local()
        self._lock = Lock()
        self._open: list[sqlite3.Connection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish what is queued and close every connection."""
        self._writer.close()
        with self._lock:
            while self._open:
                self._open.pop().close()

    def write(self, operation: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Run an operation in the next transaction; the future resolves once that is durable.

        The operation may raise: it is rolled back alone, and its future raises the same.
        """
        return self._writer.submit(operation)

    @property
    def writing_thread(self) -> int | None:
        """The thread that writes, by the system's number; None before its first."""
        return self._writer.thread_id

    def gather(self, soon: Soon | None) -> None:
        """Let what the calling thread writes share commits, see `LedgerWriter.gather`."""
        self._writer.gather(soon)

    def read(self) -> "Snapshot":
        """Give the thread's own read connection, within one snapshot. Do not yield to other code while inside.

        Raises: `UnavailableError`, naming the file, where SQLite cannot read.
        """
        return Snapshot(self.path, self._reader)

    def forget_pages(self) -> None:
        """Give back the pages that readers keep at hand: up to 128 MiB for each thread that has read much."""
        with naming(self.path), self._lock:
            for connection in self._open:
                connection.execute("PRAGMA shrink_memory")

    def look(self, query: str, given: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        """The first row of one statement, which is a snapshot of its own; within `read`, of that one.

        Raises: `UnavailableError`, naming the file, where SQLite cannot read.
        """
        try:
            found: tuple[Any, ...] | None = self._reader().execute(query, given).fetchone()
        except UNUSABLE as error:
            raise unusable(self.path, error) from error
        return found

    def last_seq(self) -> int:
        """The sequence number of the newest record; 0 where there is none."""
        found = self.look(_LAST_SEQ)
        return found[0] or 0 if found else 0

    def records(
        self, after_seq: int = 0, kinds: Sequence[str] | None = None, limit: int | None = None
    ) -> Iterator[Record]:
        """The records after a sequence number, in order, read in pages (a page is one snapshot)."""
        return self._paged(_of_kinds(kinds), tuple(kinds or ()), after_seq, _FOR_EVER if limit is None else limit)

    def records_at(self, seqs: Sequence[int]) -> list[Record]:
        """The records of these sequence numbers that are there, in order."""
        with self.read() as connection:
            return list(map(Record._make, connection.execute(_AT, (dumps(list(seqs)),))))

    def telling(self, after_seq: int, until_seq: int) -> Iterator[Record]:
        """As `records`, without those that say nothing to features: decisions that imply no impression."""
        return self._paged(_TELLING, (until_seq,), after_seq, _FOR_EVER)

    def told(self, after_seq: int, until_seq: int) -> Iterator[list[Told]]:
        """As `telling`, in pages, by identifier."""
        query = f"{_BY_NODE} WHERE r.seq > ? {_TELLING} ORDER BY r.seq LIMIT ?"
        while page := self._told_page(query, (after_seq, until_seq, PAGE)):
            yield page
            after_seq = page[-1].seq

    def tells(self, after_seq: int, until_seq: int) -> bool:
        """Whether `telling` has any."""
        return self.look(_TELLS, (after_seq, until_seq)) == (1,)

    def records_of(self, customer_id: str, *, until_seq: int | None = None) -> list[Record]:
        """Every record of a customer (by today's links) up to a sequence number, in order of (occurred, record id)."""
        with self.read() as connection:
            return records_of(connection, customer_id, until_seq=until_seq)

    def named_records_of(
        self, customer_id: str, *, after_seq: int, until_seq: int
    ) -> list[tuple[tuple[str, str], Record]]:
        """The records of a customer (by today's links) in a range, each with the (kind, value) of its identifier."""
        with self.read() as connection:
            rows = connection.execute(_NAMED, (customer_id, after_seq, until_seq))
            return [((kind, value), Record._make(record)) for kind, value, *record in rows]

    def told_of(self, customer_id: str, *, most: int) -> list[Record]:
        """The records of a customer that say anything to features, in order of (occurred, record id).

        Decisions that imply no impression say nothing, and their bodies are not read. Parameters: `most`, so many of
        them, whichever, where there are more.
        """
        with self.read() as connection:
            return list(map(Record._make, connection.execute(_TOLD_OF, (customer_id, most))))

    def facts_of(self, customer_id: str) -> list[Fact]:
        """What the records of one customer say to features, in order of (occurred, record id)."""
        return facts_of(self.told_of(customer_id, most=_FOR_EVER))

    def _paged(self, wanted: str, given: tuple[Any, ...], after_seq: int, left: int) -> Iterator[Record]:
        while left > 0:
            page = self._page(wanted, (after_seq, *given, min(left, PAGE)))
            yield from page
            if len(page) < min(left, PAGE):
                return
            left -= len(page)
            after_seq = page[-1].seq

    def _told_page(self, query: str, given: tuple[int, ...]) -> list[Told]:
        with self.read() as connection:
            return list(map(Told._make, connection.execute(query, given)))

    def _page(self, wanted: str, given: tuple[Any, ...]) -> list[Record]:
        query = f"{_COLUMNS} WHERE r.seq > ? {wanted} ORDER BY r.seq LIMIT ?"
        with self.read() as connection:
            return list(map(Record._make, connection.execute(query, given)))

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = connect(self.path, writable=False, cache_kib=self._cache_kib)
            self._readers.connection = connection
            with self._lock:
                self._open.append(connection)
        return connection


class Snapshot:
    """One view of the ledger's tables; within another of the same thread, that one.

    Every decision asks for many: generators in its place took three times as long.
    Parameters: `path`, to name in errors; `opened` gives the connection.
    """

    __slots__ = ("_connection", "_is_mine", "_opened", "_path")

    def __init__(self, path: Path, opened: Callable[[], sqlite3.Connection]) -> None:
        self._path, self._opened = path, opened

    def __enter__(self) -> sqlite3.Connection:
        """Begin it."""
        try:
            connection = self._connection = self._opened()
            self._is_mine = not connection.in_transaction
            if self._is_mine:
                connection.execute("BEGIN")
        except UNUSABLE as error:
            raise unusable(self._path, error) from error
        return connection

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """End it, where nothing around goes on with it."""
        try:
            if self._is_mine:
                self._connection.execute("ROLLBACK")
        except UNUSABLE as failed:
            raise unusable(self._path, failed) from failed
        if isinstance(error, UNUSABLE):
            raise unusable(self._path, error) from error


def _of_kinds(kinds: Sequence[str] | None) -> str:
    """The condition on kinds, so worded that a page is read in its order and never sorted.

    Without events, the index over the few records that are none serves; with them, the whole table does (the `+` keeps
    SQLite from the index on kinds, whose order is another).
    """
    if kinds is None:
        return ""
    listed = ", ".join("?" * len(kinds))
    return f"AND +r.kind IN ({listed})" + ("" if EVENT in kinds else f" AND r.kind <> '{EVENT}'")


def records_of(connection: sqlite3.Connection, customer_id: str, *, until_seq: int | None = None) -> list[Record]:
    """As `Ledger.records_of`, on a connection."""
    rows = connection.execute(_OF_CUSTOMER, (customer_id, _FOR_EVER if until_seq is None else until_seq))
    return list(map(Record._make, rows))


def last_seq(connection: sqlite3.Connection) -> int:
    """The newest record's sequence number as this connection sees it."""
    row = connection.execute(_LAST_SEQ).fetchone()
    return row[0] or 0


def insert_record(connection: sqlite3.Connection, row: tuple[str, str, int | None, int, int, int, str, bytes]) -> int:
    """Append one record: (kind, record_id, node, occurred_us, received_us, known_us, source, body); its number."""
    return connection.execute(INSERT_RECORD, row).lastrowid or 0


INSERT_RECORD = """
    INSERT INTO record (kind, record_id, node, occurred_us, received_us, known_us, source, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
