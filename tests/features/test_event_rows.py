"""Records are written many at a time, and are what one statement for each would have written."""

import pytest
from ledger_builders import NOW, an_event

from decisioning.errors import UnavailableError
from features.event_rows import ROWS, RowColumns, insert_events
from features.intake import Arrival, Intake
from features.ledger import Ledger


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.mark.parametrize("n", [0, 1, ROWS - 1, ROWS, 2 * ROWS + 3])
def test_every_row_is_written_in_its_order(ledger, n):
    rows = RowColumns([f"m-{each}" for each in range(n)], range(n), range(1, n + 1), range(2, n + 2), [b"{}"] * n)
    ledger.write(lambda connection: insert_events(connection, rows, received_us=9, source="crm")).result()
    written = [(r.record_id, r.occurred_us, r.received_us, r.known_us, r.source, r.body) for r in ledger.records()]
    assert written == [(f"m-{number}", number + 1, 9, number + 2, "crm", b"{}") for number in range(n)]


def test_of_rows_of_which_one_fails_none_is_kept(ledger):
    n = ROWS + 1
    rows = RowColumns([f"m-{number % ROWS}" for number in range(n)], [1] * n, [1] * n, [1] * n, [b"{}"] * n)
    with pytest.raises(UnavailableError, match="UNIQUE"):
        ledger.write(lambda connection: insert_events(connection, rows, received_us=9, source="crm")).result()
    assert ledger.last_seq() == 0


def test_what_equal_ids_of_one_batch_say_first_is_kept(ledger):
    batch = [an_event(f"m-{number % 3}", userId=f"u-{number}") for number in range(5)]
    receipt = Intake(ledger).load(batch, Arrival(NOW))
    assert (receipt.accepted, receipt.duplicates) == (3, 2)
    assert [record.body.count(b"u-") for record in ledger.records()] == [1, 1, 1]
    with ledger.read() as connection:
        named = connection.execute("SELECT value FROM identifier ORDER BY value").fetchall()
    assert named == [("u-0",), ("u-1",), ("u-2",)]
