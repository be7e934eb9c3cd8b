"""What one writer changes in Redis: kept until it is committed, all at once with the progress."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from redis.exceptions import WatchError

from features.online_store import PackedRow
from features.redis_field import packed

if TYPE_CHECKING:
    from features.redis_rows import RedisRows

LOCK_SECONDS = 60
"""How long a writer may say nothing before another takes over."""
_AT_ONCE = 2_000


class RedisChanges:
    """What can be done while nobody else writes; made by `RedisRows.exclusive`.

    After `clear` there is nothing to keep whole: rows are written as they come, and believed once progress is noted.
    """

    def __init__(self, rows: "RedisRows", lock: Any, definition: str) -> None:
        self._rows = rows
        self._lock = lock
        self._definition = definition
        self._before = rows.client.get(rows.applied_key)
        self._changed: dict[str, dict[str, PackedRow]] = {}
        self._forgotten: set[str] = set()
        self._is_fresh = False
        self._seq: int | None = None

    def progress(self) -> int:
        """Up to which ledger record the rows were built by this definition."""
        return self._rows.progress(self._definition)

    def advance(self, seq: int) -> None:
        """Note up to which ledger record the rows are built now."""
        self._seq = seq

    def read_many(self, customer_ids: Sequence[str]) -> Iterator[PackedRow]:
        """Every view of many customers, with what was changed before."""
        stored = self._rows.read_patiently([each for each in customer_ids if each not in self._forgotten])
        changed = self._changed
        yield from (row for row in stored if row.view not in changed.get(row.customer_id, ()))
        yield from (row for each in dict.fromkeys(customer_ids) for row in changed.get(each, {}).values())

    def replace(self, rows: Iterable[PackedRow]) -> None:
        """Write rows, whatever was there."""
        self._lock.reacquire()
        for row in rows:
            self._changed.setdefault(row.customer_id, {})[row.view] = row
            if self._is_fresh and len(self._changed) >= _AT_ONCE:
                self._send(watch=False)

    def customers(self) -> list[str]:
        """Every customer who had a row."""
        return self._rows.customers()

    def forget(self, customer_ids: Iterable[str]) -> None:
        """Delete every row of some customers."""
        for customer_id in customer_ids:
            self._forgotten.add(customer_id)
            self._changed.pop(customer_id, None)

    def clear(self) -> None:
        """Delete every row."""
        self._rows.clear()
        self._changed, self._is_fresh = {}, True

    def commit(self) -> None:
        """Send what is left. Raises a `RedisError` where somebody else has changed the progress."""
        self._lock.reacquire()
        self._send(watch=not self._is_fresh)

    def _send(self, *, watch: bool) -> None:
        key = self._rows.key
        with self._rows.client.pipeline(transaction=True) as pipeline:
            if watch:
                self._watch(pipeline)
            for customer_id in self._forgotten:
                pipeline.delete(key(customer_id))
            for customer_id, views in self._changed.items():
                pipeline.hset(key(customer_id), mapping={view: packed(row) for view, row in views.items()})
            if self._seq is not None:
                pipeline.set(self._rows.applied_key, f"{self._definition} {self._seq}")
            pipeline.execute()
        self._changed, self._forgotten = {}, set()

    def _watch(self, pipeline: Any) -> None:
        pipeline.watch(self._rows.applied_key)
        if pipeline.get(self._rows.applied_key) != self._before:
            raise WatchError("the progress was changed meanwhile")
        pipeline.multi()
