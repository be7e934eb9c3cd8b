"""Taking erased customers out of the Parquet files of history, and out of the states it ends with."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.group.history_part import FOLDER
from features.history import history_lock
from features.home import STATES
from features.ledger import Ledger
from features.online_store import PackedRows
from features.privacy.erased import erased_until

Mask = Callable[[pa.Table], pa.BooleanArray]
"""Which rows of a table stay."""


def clear_history(folder: Path, ledger: Ledger) -> None:
    """Remove what was known of erased customers until they were erased, from every file below a history folder."""
    with history_lock(folder):
        for path in sorted(folder.glob("*/*.parquet")):
            _clear(path, ledger)
        with closing(PackedRows(folder / STATES)) as rows:
            rows.forget_until(erased_until(ledger, rows.customers()))


def rewrite(path: Path, stays: Mask) -> None:
    """Write a file anew with the rows that stay, group by group; readers see the old file or the new one."""
    partial = path.with_suffix(".partial")
    with pq.ParquetFile(path) as file, pq.ParquetWriter(partial, file.schema_arrow) as writer:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            writer.write_table(table.filter(stays(table)))
    partial.replace(path)


def _clear(path: Path, ledger: Ledger) -> None:
    customers = pq.read_table(path, columns=["customer_id"], partitioning=None).column(0).unique().to_pylist()
    erased = erased_until(ledger, customers)
    if erased:
        rewrite(path, lambda table: _stay(table, erased))


def _stay(table: pa.Table, erased: dict[str, int]) -> pa.BooleanArray:
    """Rows of others, and rows of what became known after the erasure."""
    place = pc.index_in(table.column("customer_id"), value_set=pa.array(list(erased), pa.string()))
    erased_us = pc.take(pa.array(list(erased.values()), pa.int64()), place)
    known_us = table.column("event_timestamp").cast(pa.int64())
    return pc.fill_null(pc.greater(known_us, erased_us), fill_value=True)


def forget_before(folder: Path, before_us: int) -> int:
    """Remove the states that became known before a moment (microseconds since the epoch, UTC); how many.

    What customers told of their groups and of their consent goes with the customer, as it does in the ledger.
    """
    with history_lock(folder):
        states = [path for path in sorted(folder.glob("*/*.parquet")) if path.parent.name != FOLDER]
        return sum(_forget_before(path, before_us) for path in states)


def _forget_before(path: Path, before_us: int) -> int:
    def stays(table: pa.Table) -> pa.BooleanArray:
        return pc.greater_equal(table.column("event_timestamp").cast(pa.int64()), before_us)

    held = pq.read_table(path, columns=["event_timestamp"], partitioning=None)
    n_over_age = len(held) - int(pc.sum(stays(held)).as_py() or 0)
    if n_over_age:
        rewrite(path, stays)
    return n_over_age
