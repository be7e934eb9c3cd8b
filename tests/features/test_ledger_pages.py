"""What readers of the ledger keep at hand can be given back."""

import sqlite3
from pathlib import Path

import pytest

from features.ledger import Ledger, insert_record
from features.ledger_file import ROOMY_KIB, SMALL_KIB
from training.freed import give_back

N, BODY = 3_000, b"x" * 10_000
KEPT = "PRAGMA cache_size"


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


@pytest.mark.parametrize("kib", [SMALL_KIB, ROOMY_KIB])
def test_every_connection_of_a_ledger_keeps_at_most_what_it_was_told(tmp_path, kib):
    with Ledger(tmp_path / "ledger.db", cache_kib=kib) as ledger:
        assert ledger.write(lambda connection: connection.execute(KEPT).fetchone()).result() == (-kib,)
        assert ledger.look(KEPT) == (-kib,)
