"""What readers of the ledger keep at hand can be given back."""

import sqlite3
from pathlib import Path

import pytest

from features.ledger import Ledger, insert_record
from training.freed import give_back

N, BODY = 3_000, b"x" * 10_000


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4_096


def fill(connection: sqlite3.Connection) -> None:
    """Write what is many times a page."""
    for number in range(N):
        insert_record(connection, ("decision", f"d{number}", None, number, 0, 0, "api", BODY))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not say what a process holds")
def test_pages_that_were_read_are_given_back_even_within_a_snapshot(tmp_path):
    with Ledger(tmp_path / "ledger.db") as ledger:
        ledger.write(fill).result()
        with ledger.read() as connection:
            connection.execute("SELECT sum(length(CAST(body AS TEXT))) FROM record").fetchone()
            give_back()
            before = resident()
            ledger.forget_pages()
            give_back()
            assert before - resident() > 0.7 * N * len(BODY)
            assert connection.execute("SELECT count(*) FROM record").fetchone() == (N,)
