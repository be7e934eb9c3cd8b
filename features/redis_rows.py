"""The online rows in Redis: one hash per customer, a field per view, so that one call reads what belongs together.

It can be rebuilt from the ledger. Writers take turns by a lock that runs out by itself; what one changes is sent as one
transaction with the progress, which fails where somebody else changed the progress meanwhile.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from decisioning.errors import UnavailableError
from features.online_store import PackedRow, PackedRows
from features.redis_changes import LOCK_SECONDS, RedisChanges
from features.redis_field import packed, unpacked

MANY = 500
_GUARDED = """
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held then
  local event, created = struct.unpack('>i8i8', held)
  local new_event, new_created = struct.unpack('>i8i8', ARGV[2])
  if new_event < event or (new_event == event and new_created < created) then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""


class RedisRows:
    """Reads and writes packed rows in one Redis; implements `features.row_store.RowStore`.

    Parameters: `url`, such as `redis://host:6379/0`; `prefix`, what this tenant's keys begin with; `read_seconds`, how
    long a reader has patience: then nobody waits for Redis at the beginning either.
    Raises: `UnavailableError`, naming host and port and never a password, where it cannot be used.
    """

    def __init__(self, url: str, *, prefix: str, read_seconds: float | None = None) -> None:
        self._prefix = prefix
        self._place = _place(url)
        with self._naming():
            self._client: Any = _client(url, 5.0)
            self._reader: Any = _client(url, read_seconds) if read_seconds else self._client
            self._guarded = self._client.register_script(_GUARDED)
            if not read_seconds:
                self._client.ping()

    def read(self, customer_id: str) -> list[PackedRow]:
        """Every view of one customer, by one command, so that what is read belongs together."""
        with self._naming():
            return unpacked(customer_id, self._reader.hgetall(self.key(customer_id)))

    def read_many(self, customer_ids: Sequence[str]) -> list[PackedRow]:
        """Every view of many customers."""
        with self._naming():
            return list(self._read_many(self._reader, customer_ids))

    def read_patiently(self, customer_ids: Sequence[str]) -> list[PackedRow]:
        """As `read_many`, for whoever writes."""
        with self._naming():
            return list(self._read_many(self._client, customer_ids))

    def write(self, rows: Iterable[PackedRow]) -> None:
        """Write rows in one transaction; a row older than the one it would replace is left out."""
        with self._naming(), self._client.pipeline(transaction=True) as pipeline:
            for row in rows:
                self._guarded(keys=[self.key(row.customer_id)], args=[row.view, packed(row)], client=pipeline)
            pipeline.execute()

    def drop(self, views: Iterable[str]) -> None:
        """Forget every row of some views."""
        names = list(views)
        with self._naming():
            for some in self._pages() if names else ():
                with self._client.pipeline(transaction=False) as pipeline:
                    for key in some:
                        pipeline.hdel(key, *names)
                    pipeline.execute()

    def progress(self, definition: str) -> int:
        """Up to which ledger record the rows were built; 0 where they were built by another definition, or never."""
        with self._naming():
            return self._progress(definition)

    def adopt(self, path: Path, definition: str) -> None:
        """Copy rows and progress of a file, where that one has some of the definition and this store none."""
        other = PackedRows(path)
        try:
            seq = other.progress(definition)
            if not seq:
                return
            with self.exclusive(definition) as changes:
                if changes.progress() == 0:
                    changes.clear()
                    customers = other.customers()
                    for start in range(0, len(customers), MANY):
                        changes.replace(other.read_many(customers[start : start + MANY]))
                    changes.advance(seq)
        finally:
            other.close()

    @contextmanager
    def exclusive(self, definition: str) -> Iterator[RedisChanges]:
        """The one writer at this moment; rows and progress are committed together, or not at all."""
        with self._naming():
            lock = self._client.lock(f"{self._prefix}:lock", timeout=LOCK_SECONDS, blocking_timeout=LOCK_SECONDS)
            with lock:
                changes = RedisChanges(self, lock, definition)
                yield changes
                changes.commit()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._reader.close()

    @property
    def client(self) -> Any:
        """The connection, for changes that belong together."""
        return self._client

    @property
    def applied_key(self) -> str:
        """Where the progress is."""
        return f"{self._prefix}:applied"

    def key(self, customer_id: str) -> str:
        """Where a customer's rows are."""
        return f"{self._prefix}:row:{customer_id}"

    def customers(self) -> list[str]:
        """Every customer who has a row."""
        start = len(self.key(""))
        with self._naming():
            return sorted({key.decode()[start:] for some in self._pages() for key in some})

    def clear(self) -> None:
        """Delete every row, and first the progress: until it is noted again, nothing here is believed."""
        self._client.delete(self.applied_key)
        for some in self._pages():
            self._client.unlink(*some)

    def _read_many(self, client: Any, customer_ids: Sequence[str]) -> Iterator[PackedRow]:
        for start in range(0, len(customer_ids), MANY):
            some = customer_ids[start : start + MANY]
            with client.pipeline(transaction=False) as pipeline:
                for customer_id in some:
                    pipeline.hgetall(self.key(customer_id))
                found = pipeline.execute()
            for customer_id, fields in zip(some, found, strict=True):
                yield from unpacked(customer_id, fields)

    def _progress(self, definition: str) -> int:
        known, _, seq = (self._client.get(self.applied_key) or b"").decode().partition(" ")
        return int(seq) if known == definition and seq else 0

    def _pages(self) -> Iterator[list[bytes]]:
        cursor = 0
        while True:
            cursor, keys = self._client.scan(cursor, match=f"{self.key('')}*", count=1000)
            if keys:
                yield keys
            if cursor == 0:
                return

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except (RedisError, OSError) as error:
            raise UnavailableError(f"the online store {self._place} cannot be used: {type(error).__name__}") from error


def _client(url: str, seconds: float) -> Any:
    """Connections on which every command ends in time; one that Redis had closed meanwhile is opened anew once."""
    once = Retry(NoBackoff(), 1, supported_errors=(NoConnectionError,))
    return redis.Redis.from_url(
        url, socket_timeout=seconds, socket_connect_timeout=min(seconds, 2.0), retry=once, retry_on_timeout=False
    )


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"redis at {parts.hostname}:{parts.port or 6379}"
    except ValueError:
        return "redis"
