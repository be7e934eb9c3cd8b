"""History says what was known when: one row per change, added and never rewritten."""

from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from feature_shop import FEATURES, START, Shop, viewed

from features.history import History
from features.instant import to_us

DAY = timedelta(days=1)


@pytest.fixture
def shop(tmp_path):
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def write(shop: Shop) -> History:
    history = History(shop.home.history, FEATURES)
    history.catch_up(shop.ledger)
    return history


def rows(
    shop: Shop, user: str = "u-1", *, customer: str = "", view: str = "behaviour", column: str = "product_views_7d__sum"
) -> list:
    """(event time in microseconds, column) in the order in which a join at one moment prefers them."""
    table = pq.read_table(shop.home.history / view).to_pylist()
    wanted = customer or shop.customer(user)
    mine = [row for row in table if row["customer_id"] == wanted]
    mine.sort(key=lambda row: (row["event_timestamp"], row["created_timestamp"]))
    return [(to_us(row["event_timestamp"]), row[column]) for row in mine]


def test_there_is_one_row_per_change_of_a_view(shop):
    shop.send(viewed(), at=START)
    shop.send(viewed(), at=START + DAY)
    shop.send({"type": "track", "event": "Ticket Opened", "userId": "u-1"}, at=START + 2 * DAY)
    write(shop)
    assert [at for at, _ in rows(shop)][:2] == [to_us(START), to_us(START + DAY)]
    assert rows(shop, view="service", column="open_tickets__opened") == [(to_us(START + 2 * DAY), 1.0)]


def test_a_late_event_is_known_when_it_was_received(shop):
    shop.send(viewed(timestamp=(START - 7 * DAY).isoformat()), at=START)
    write(shop)
    assert rows(shop) == [(to_us(START), 1.0)]


def test_a_declared_backfill_is_known_when_it_occurred(shop):
    shop.send(viewed(timestamp=(START - 7 * DAY).isoformat()), at=START, backfill=True)
    write(shop)
    assert rows(shop) == [(to_us(START - 7 * DAY), 1.0)]


def test_facts_that_became_known_together_make_one_row(shop):
    shop.send(viewed(), viewed(), at=START)
    write(shop)
    assert rows(shop) == [(to_us(START), 2.0)]


def test_writing_in_two_steps_equals_writing_at_once(shop, tmp_path):
    shop.send(viewed(), at=START)
    write(shop)
    shop.send(viewed(), viewed("u-2"), at=START + DAY)
    write(shop)
    whole = History(tmp_path / "whole", FEATURES)
    whole.catch_up(shop.ledger)
    at_once = pq.read_table(tmp_path / "whole" / "behaviour").drop_columns("created_timestamp")
    in_steps = pq.read_table(shop.home.history / "behaviour").drop_columns("created_timestamp")
    order = [("customer_id", "ascending"), ("event_timestamp", "ascending")]
    assert in_steps.sort_by(order).equals(at_once.sort_by(order))


def test_nothing_new_writes_nothing(shop):
    shop.send(viewed())
    write(shop)
    files = sorted((shop.home.history / "behaviour").iterdir())
    write(shop)
    assert sorted((shop.home.history / "behaviour").iterdir()) == files


def test_a_merge_adds_rows_at_the_time_it_became_known(shop):
    shop.send(viewed(), at=START)
    shop.send({"type": "track", "event": "Product Viewed", "anonymousId": "a-1"}, at=START + DAY)
    write(shop)
    before = rows(shop)
    shop.send({"type": "identify", "userId": "u-1", "anonymousId": "a-1"}, at=START + 2 * DAY)
    write(shop)
    after = rows(shop)
    assert after[: len(before)] == before
    assert [at for at, _ in after[len(before) :]] == [to_us(START + 2 * DAY)]
    assert after[-1][1] == pytest.approx(1 + 2 ** (-1 / 7))


def test_what_two_customers_did_before_they_became_one_is_history_though_it_is_written_later(shop):
    anonymous = {"type": "track", "event": "Product Viewed", "anonymousId": "a-1"}
    shop.send(viewed(), at=START)
    write(shop)
    shop.send(anonymous, at=START + DAY)
    former = shop.customer("a-1", kind="anonymous_id")
    shop.send(viewed(), at=START + 2 * DAY)
    shop.send({"type": "identify", "userId": "u-1", "anonymousId": "a-1"}, at=START + 3 * DAY)
    write(shop)
    assert [at for at, _ in rows(shop)] == [to_us(START + day * DAY) for day in (0, 2, 3)]
    assert rows(shop)[1][1] == pytest.approx(1 + 2 ** (-2 / 7))
    assert rows(shop)[2][1] == pytest.approx(1 + 2 ** (-1 / 7) + 2 ** (-2 / 7))
    assert rows(shop, customer=former) == [(to_us(START + DAY), 1.0)]


def test_a_backfill_that_reaches_into_the_past_is_seen_from_then_on(shop):
    shop.send(viewed(), at=START)
    write(shop)
    shop.send(viewed(timestamp=(START - 7 * DAY).isoformat()), at=START + DAY, backfill=True)
    write(shop)
    assert rows(shop)[0] == (to_us(START - 7 * DAY), 1.0)
    assert rows(shop)[-1] == (to_us(START), pytest.approx(1.5))


def test_the_files_of_a_run_that_did_not_finish_are_removed(shop):
    shop.send(viewed())
    write(shop)
    folder = shop.home.history / "behaviour"
    (folder / "000000000050-000000000060.partial").write_bytes(b"half")
    (folder / "000000000050-000000000060.parquet").write_bytes(b"not committed")
    shop.send(viewed(), at=START + DAY)
    write(shop)
    assert len(rows(shop)) == 2
