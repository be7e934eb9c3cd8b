"""The port of online rows: what serving reads, the projection writes and Feast uses, whatever store is behind it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from features.online_store import PackedRow


class RowChanges(Protocol):
    """What can be done while nobody else writes; committed with the progress, or not at all."""

    def progress(self) -> int:
        """Up to which ledger record the rows were built by this definition."""
        ...

    def advance(self, seq: int) -> None:
        """Note up to which ledger record the rows are built now."""
        ...

    def read_many(self, customer_ids: Sequence[str]) -> Iterator[PackedRow]:
        """Every view of many customers, with what was changed before."""
        ...

    def replace(self, rows: Iterable[PackedRow]) -> None:
        """Write rows, whatever was there."""
        ...

    def customers(self) -> list[str]:
        """Every customer who had a row."""
        ...

    def forget(self, customer_ids: Iterable[str]) -> None:
        """Delete every row of some customers."""
        ...

    def clear(self) -> None:
        """Delete every row."""
        ...


class RowReader(Protocol):
    """What serving reads. Every method raises `UnavailableError` where the store cannot be used."""

    def read(self, customer_id: str) -> list[PackedRow]:
        """Every view of one customer, all of one moment."""
        ...

    def read_many(self, customer_ids: Sequence[str]) -> list[PackedRow]:
        """Every view of many customers."""
        ...


class RowStore(RowReader, Protocol):
    """Packed rows by customer and view. Every method raises `UnavailableError` where the store cannot be used."""

    def write(self, rows: Iterable[PackedRow]) -> None:
        """Write rows at once; a row older than the one it would replace is left out."""
        ...

    def drop(self, views: Iterable[str]) -> None:
        """Forget every row of some views."""
        ...

    def progress(self, definition: str) -> int:
        """Up to which ledger record the rows were built by a definition; 0 by another one, or never."""
        ...

    def adopt(self, path: Path, definition: str) -> None:
        """Copy rows and progress of a file, where that one has some of the definition and this store none."""
        ...

    def exclusive(self, definition: str) -> AbstractContextManager[RowChanges]:
        """The one writer at this moment."""
        ...

    def close(self) -> None:
        """Close this thread's connection."""
        ...
