"""Packed rows: guarded by event time, read together, committed with their progress."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import numpy as np
import pytest
from meanwhile import meanwhile
from open_files import n_open

from decisioning.errors import UnavailableError
from features.online_store import PackedRow, PackedRows
from features.packing import pack, unpack


@pytest.fixture
def rows(tmp_path):
    store = PackedRows(tmp_path / "online.db")
    yield store
    store.close()


def state(*values: float) -> bytes:
    return pack(np.array([values]))[0]


def a_row(value: float = 1.0, *, customer: str = "c_1", view: str = "v", event_us: int = 10, created_us: int = 10):
    return PackedRow(customer, view, event_us, created_us, state(value))


def test_what_is_written_is_read(rows):
    written = PackedRow("c_1", "v", 5, 6, state(0.1 + 0.2, 1_750_000_000_000_001.0, float("nan")))
    rows.write([written])
    assert rows.read("c_1") == [written]
    assert rows.read("c_2") == []


def test_an_older_row_never_replaces_a_newer_one(rows):
    rows.write([a_row(1.0, event_us=10)])
    rows.write([a_row(2.0, event_us=9)])
    assert rows.read("c_1")[0].state == state(1.0)
    rows.write([a_row(3.0, event_us=10, created_us=9)])
    assert rows.read("c_1")[0].state == state(1.0)
    rows.write([a_row(4.0, event_us=10, created_us=11)])
    assert rows.read("c_1")[0].state == state(4.0)


def test_many_customers_are_read_at_once(rows):
    rows.write(a_row(float(n), customer=f"c_{n}") for n in range(1200))
    assert len(rows.read_many([f"c_{n}" for n in range(1200)])) == 1200


def test_rows_and_progress_are_committed_together_or_not_at_all(rows):
    def fail_half_way() -> None:
        with rows.exclusive("one") as transaction:
            transaction.replace([a_row()])
            transaction.advance(7)
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert rows.read("c_1") == []
    assert rows.progress("one") == 0
    with rows.exclusive("one") as transaction:
        transaction.replace([a_row()])
        transaction.advance(7)
    assert rows.progress("one") == 7
    assert rows.progress("another definition") == 0


def test_views_of_one_customer_are_never_torn(rows, tmp_path):
    torn = []

    def look(stop: Event) -> None:
        reader = PackedRows(tmp_path / "online.db")
        while not stop.is_set():
            values = {row.state for row in reader.read("c_1")}
            if len(values) > 1:
                torn.append(values)
        reader.close()

    with meanwhile(look):
        for n in range(300):
            rows.write([a_row(float(n), view=view, event_us=n) for view in "abcd"])
    assert torn == []


def test_two_open_a_new_store_at_once_and_write_as_soon_as_they_have_it(tmp_path):
    def write(n: int) -> None:
        together.wait()
        opened = PackedRows(tmp_path / f"{n // 2}.db")
        for view in "abcdefghijklmnop":
            opened.write([a_row(customer=f"c_{n}", view=view)])
        opened.close()

    together = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2 * 30)))
    for place in range(30):
        opened = PackedRows(tmp_path / f"{place}.db")
        assert len(opened.customers()) == 2
        opened.close()


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "online.db"
    path.write_bytes(b"this is no database, but long enough to look like a file of one" * 100)
    with pytest.raises(UnavailableError, match=r"online\.db cannot be used"):
        PackedRows(path)


def test_closing_closes_the_connections_of_every_thread(tmp_path):
    path, read, closed = tmp_path / "online.db", Event(), Event()
    rows = PackedRows(path)

    def look() -> None:
        rows.read("c_1")
        read.set()
        closed.wait()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(look)
        read.wait()
        rows.close()
        left = n_open(path)
        closed.set()
    assert left == 0


def test_a_thread_takes_its_connection_with_it(tmp_path):
    with ThreadPoolExecutor(1) as pool:
        rows = pool.submit(PackedRows, tmp_path / "online.db").result()
        assert n_open(rows.path) == 1
    assert n_open(rows.path) == 0


def test_a_row_of_another_definition_is_named_not_misread():
    with pytest.raises(UnavailableError, match="2 columns"):
        unpack([state(1.0, 2.0), state(1.0)], 2)
