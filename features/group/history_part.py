"""What customers told of their groups, moment by moment, as Parquet beside the history of their states.

A row holds what was known by its moment from one customer's own records, so that erasing a customer erases all of it.
Rows are added, never rewritten, as those of states are: who became one gets a row at the time that became known, and a
backfill adds rows created later.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from features.group.telling import SAYS, Telling, tellings
from features.ledger import Ledger
from features.record import LINK, link_of

FOLDER = "told_of_groups"
NOTHING = Telling({}, {}, {})
_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("event_timestamp", _TIME),
        ("created_timestamp", _TIME),
        ("groups", pa.list_(pa.string())),
        ("told", pa.string()),
    ]
)


class Span(NamedTuple):
    """The records (after, until] that are added. Parameters: `created_us`, when the newest of them was received."""

    after: int
    until: int
    created_us: int


def write_told(path: Path, ledger: Ledger, span: Span, *, renewed: Mapping[str, int], traits: Collection[str]) -> None:
    """Write what records add, where they add anything.

    Parameters: `path`, of the file; `renewed`, customers of today whose records are others than they were, and since
    when; `traits`, the names of those that are wanted.
    """
    rows = list(_rows(ledger, span, renewed, traits, _customers_in(path.parent)))
    if rows:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        pq.write_table(_table(rows, span.created_us), partial)
        partial.replace(path)


def _rows(
    ledger: Ledger, span: Span, renewed: Mapping[str, int], traits: Collection[str], written: Collection[str]
) -> Iterator[tuple[str, int, Telling]]:
    """(customer, when it became known, what) of each row to add."""
    with ledger.read() as connection:
        if not connection.execute("SELECT 1 FROM membership LIMIT 1").fetchone():
            return
        since = _since(connection, span)
        since |= {customer_id: known_us for customer_id, known_us in renewed.items() if span.after}
        for customer_id, since_us in sorted(since.items()):
            told = tellings(connection, customer_id, until=span.until, traits=traits)
            floor = renewed.get(customer_id, 0) if span.after else 0
            yield from _of_customer(customer_id, told, (since_us, floor), is_written=customer_id in written)
        for customer_id, known_us in _gone(ledger, connection, span).items():
            if customer_id in written:
                yield customer_id, known_us, NOTHING


def _of_customer(
    customer_id: str, told: Iterator[tuple[int, Telling]], bounds: tuple[int, int], *, is_written: bool
) -> Iterator[tuple[str, int, Telling]]:
    """The rows of one customer: what became known until the floor is one row at the floor."""
    since_us, floor = bounds
    at_once, later = NOTHING, []
    for known_us, telling in told:
        if known_us <= floor:
            at_once = telling
        else:
            later.append((known_us, telling))
    rows = [(floor, at_once), *later] if floor else later
    for known_us, telling in rows:
        if known_us >= since_us and (telling.calls or is_written):
            is_written = True
            yield customer_id, known_us, telling


def _since(connection: sqlite3.Connection, span: Span) -> dict[str, int]:
    """Whom the records concern, each from when on."""
    if span.after:
        return dict(connection.execute(_CONCERNED, (span.after, span.until)).fetchall())
    return dict.fromkeys((customer_id for (customer_id,) in connection.execute(_MEMBERS)), 0)


def _gone(ledger: Ledger, connection: sqlite3.Connection, span: Span) -> dict[str, int]:
    """The customers who are nobody any more, and since when."""
    gone: dict[str, int] = {}
    if span.after:
        for record in ledger.records(span.after, kinds=[LINK]):
            for former in link_of(record).former if record.seq <= span.until else ():
                gone[former] = max(record.known_us, gone.get(former, 0))
    exists = "SELECT 1 FROM identifier WHERE customer_id = ?"
    return {former: at for former, at in gone.items() if not connection.execute(exists, (former,)).fetchone()}


def _customers_in(folder: Path) -> frozenset[str]:
    """Who has a row already."""
    tables = (pq.read_table(path, columns=["customer_id"], partitioning=None) for path in folder.glob("*.parquet"))
    return frozenset(each for table in tables for each in table.column(0).unique().to_pylist())


def _table(rows: list[tuple[str, int, Telling]], created_us: int) -> pa.Table:
    customers, known, told = zip(*rows, strict=True)
    columns = [
        pa.array(customers, pa.string()),
        pa.array(known, pa.int64()).cast(_TIME),
        pa.array([created_us] * len(rows), pa.int64()).cast(_TIME),
        pa.array([sorted({*each.calls, *each.traits}) for each in told], pa.list_(pa.string())),
        pa.array([orjson.dumps(tuple(each)).decode() for each in told], pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


_MEMBERS = """
    SELECT DISTINCT i.customer_id FROM membership m JOIN identifier i ON i.node = m.node WHERE i.customer_id NOTNULL
"""
_CONCERNED = f"""
    SELECT i.customer_id, min(r.known_us) FROM record r JOIN identifier i ON i.node = r.node
    WHERE r.seq > ? AND r.seq <= ? AND +r.kind = 'event' AND ({SAYS}) AND i.customer_id IN (
        SELECT g.customer_id FROM membership m JOIN identifier g ON g.node = m.node)
    GROUP BY i.customer_id
"""  # noqa: S608 (constants only)
