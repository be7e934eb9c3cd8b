"""One Parquet file of history: the states of one view after a range of records."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.backlog import Backlog
from features.fact_reader import Index
from features.lift import View
from features.online_store import PackedRow
from features.packing import pack
from features.primitives import Array
from features.row_state import Stored, states_before
from features.runs import ends

TIME = pa.timestamp("us", tz="UTC")


class HistoryPart:
    """Writes a file beside its place and moves it there when the block ends well.

    Parameters: `view`; `path`, where it shall be.
    """

    def __init__(self, view: View, path: Path) -> None:
        self._view = view
        self._path = path
        self._partial = path.with_suffix(".partial")

    def __enter__(self) -> Self:
        self._writer = pq.ParquetWriter(self._partial, schema(self._view))
        self._n_rows = 0
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._writer.close()
        if kind is None and self._n_rows:
            self._partial.replace(self._path)
        else:
            self._partial.unlink()

    def write(
        self, chunk: Backlog, before: Stored, *, floor: Mapping[str, int], created_us: int
    ) -> Iterator[PackedRow]:
        """Write the states after each change; returns the last state of each customer changed.

        Parameters: `before`, what was stored; `floor`, customers whose states became known at that time only.
        """
        if not self._view.touched_by(chunk.hits):
            return iter(())
        states = states_before(self._view, chunk, before)
        touched, after = self._view.trace(chunk.hits, chunk.occurred_us, group=chunk.group, before=states)
        owner = chunk.group[touched]
        event_us = np.maximum(chunk.known_us[touched], _floors(chunk, floor)[owner])
        self._append(chunk, owner, event_us, after, created_us)
        last = ends(owner)
        return self._rows([chunk.customers[place] for place in owner[last]], event_us[last], after[last], created_us)

    def _append(self, chunk: Backlog, owner: Index, event_us: NDArray[np.int64], after: Array, created_us: int) -> None:
        """Add rows, of those with one customer and event time the last."""
        final = np.union1d(ends(owner), ends(event_us))
        customers = pa.DictionaryArray.from_arrays(pa.array(owner[final]), pa.array(list(chunk.customers)))
        times = (event_us[final], np.full(len(final), created_us, dtype=np.int64))
        columns = [pa.array(after[final, place], from_pandas=True) for place in range(after.shape[1])]
        arrays = [customers.cast(pa.string()), *(pa.array(time).cast(TIME) for time in times), *columns]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema(self._view)))
        self._n_rows += len(final)

    def _rows(
        self, customers: list[str], event_us: NDArray[np.int64], after: Array, created_us: int
    ) -> Iterator[PackedRow]:
        for customer_id, known_us, state in zip(customers, event_us.tolist(), pack(after), strict=True):
            yield PackedRow(customer_id, self._view.name, known_us, created_us, state)


def file_name(start: int, end: int) -> str:
    """The name of the file with the records in (start, end]."""
    return f"{start:012d}-{end:012d}.parquet"


def write_empty(view: View, path: Path) -> None:
    """A file without rows, so that a view without history can be read."""
    pq.write_table(schema(view).empty_table(), path)


def schema(view: View) -> pa.Schema:
    """The columns of a view's history; an empty state column is null."""
    keys = [("customer_id", pa.string()), ("event_timestamp", TIME), ("created_timestamp", TIME)]
    return pa.schema(keys + [(column, pa.float64()) for column in view.columns])


def _floors(chunk: Backlog, floor: Mapping[str, int]) -> NDArray[np.int64]:
    return np.array([floor.get(customer, 0) for customer in chunk.customers], dtype=np.int64)
