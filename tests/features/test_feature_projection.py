"""Feature states follow the ledger: at once, exactly once, and anew where customers merge or definitions change."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from feature_shop import FEATURES, START, Shop, assert_same, viewed

from features.feature import Feature
from features.feature_set import FeatureSet
from features.history import History
from features.intake import Intake
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.online_store import PackedRows, RowTransaction
from features.packing import unpack
from features.primitives_value import trait
from features.projection import FeatureProjection
from features.standard import STANDARD_FEATURES


@pytest.fixture
def shop(tmp_path):
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def test_an_event_taken_in_is_in_the_next_read(shop):
    shop.send(viewed())
    assert shop.read("u-1")["product_views_7d"] == 1.0
    shop.send(viewed())
    assert shop.read("u-1")["product_views_7d"] == 2.0
    assert not shop.projection.behind


def test_what_depends_on_the_clock_moves_without_events(shop):
    shop.send(viewed())
    assert shop.read("u-1", now=START + timedelta(days=7))["product_views_7d"] == pytest.approx(1 / 2)


def test_a_customer_without_records_reads_none(shop):
    assert shop.online.read("c_nobody", START) is None


def test_a_message_sent_twice_counts_once(shop):
    shop.send(viewed(messageId="same"))
    shop.send(viewed(messageId="same"))
    assert shop.read("u-1")["product_views_7d"] == 1.0


def test_customers_that_become_one_have_the_facts_of_both(shop):
    shop.send({"type": "page", "anonymousId": "a-1"}, viewed("u-1"))
    before = shop.read("a-1", kind="anonymous_id")
    assert before["product_views_7d"] == 0.0
    shop.send({"type": "identify", "userId": "u-1", "anonymousId": "a-1"})
    merged = shop.read("u-1")
    assert merged == shop.read("a-1", kind="anonymous_id")
    assert merged["product_views_7d"] == 1.0
    assert merged["page_views_7d"] == 1.0
    assert n_customers(shop) == 1


def test_few_records_taken_one_by_one_make_the_rows_that_many_at_once_make(tmp_path, monkeypatch):
    told = [viewed(), {"type": "page", "userId": "u-1"}, viewed("u-2"), {"type": "identify", "userId": "u-1"}]
    late = [viewed("u-2", timestamp=(START - timedelta(days=3)).isoformat()), viewed("u-3")]
    kept = []
    for most in (0, 50):
        monkeypatch.setattr("features.projection.MOST", most)
        opened = Shop(tmp_path / str(most))
        opened.send(*map(dict, told), at=START)
        opened.send(*map(dict, late), at=START + timedelta(minutes=1))
        kept.append([row for user in ("u-1", "u-2", "u-3") for row in opened.rows.read(opened.customer(user))])
        opened.close()
    in_arrays, one_by_one = kept
    assert [row[:4] for row in one_by_one] == [row[:4] for row in in_arrays]
    for one, other in zip(one_by_one, in_arrays, strict=True):
        n_state = len(FEATURES.view(one.view).columns)
        np.testing.assert_allclose(unpack([one.state], n_state), unpack([other.state], n_state), rtol=1e-9)


def test_who_remembers_rows_sees_what_another_process_wrote_meanwhile(shop):
    other = FeatureProjection(shop.ledger, PackedRows(shop.home.online), FEATURES)
    for nth in range(3):
        shop.send(viewed())
        with closing(Intake(shop.ledger)) as elsewhere:
            elsewhere.accept([viewed(messageId=f"e-{nth}", timestamp=START.isoformat())], received_at=START)
        other.catch_up()
    shop.send(viewed())
    assert shop.read("u-1")["product_views_7d"] == 7.0


def test_who_was_overtaken_by_another_thread_applies_nothing_twice(shop):
    projection, lock = shop.projection, shop.projection._lock

    class Overtaken:
        """A lock for which another thread was first; it applied more than was there before."""

        def __enter__(self):
            projection._lock = lock
            shop.send(viewed())

        def __exit__(self, *_):
            pass

    with closing(Intake(shop.ledger)) as quiet:
        quiet.accept([viewed(messageId="first", timestamp=START.isoformat())], received_at=START)
    projection._lock = Overtaken()
    projection.catch_up()
    projection.catch_up()
    assert shop.read("u-1")["product_views_7d"] == 2.0


def test_what_was_not_committed_is_not_remembered(shop, monkeypatch):
    shop.send(viewed())
    monkeypatch.setattr(RowTransaction, "advance", failing)
    shop.send(viewed())
    monkeypatch.undo()
    shop.send(viewed())
    assert shop.read("u-1")["product_views_7d"] == 3.0


def failing(*_: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


def n_customers(shop: Shop) -> int:
    ids = {r.customer_id for r in shop.ledger.records() if r.customer_id}
    stored = {row.customer_id for row in shop.rows.read_many([*ids, *aliases(shop)])}
    return len(stored)


def aliases(shop: Shop) -> list[str]:
    with shop.ledger.read() as connection:
        return [row[0] for row in connection.execute("SELECT customer_id FROM alias")]


def test_a_rebuild_equals_the_incremental_state(shop, tmp_path):
    for day in range(20):
        then, user, visitor = START + timedelta(days=day), f"u-{day % 3}", f"a-{day % 4}"
        shop.send(viewed(user), {"type": "page", "anonymousId": visitor}, at=then)
        if day % 5 == 4:
            shop.send({"type": "identify", "userId": user, "anonymousId": visitor}, at=then)
    rebuilt = PackedRows(tmp_path / "again.db")
    FeatureProjection(shop.ledger, rebuilt, FEATURES).catch_up()
    again = OnlineFeatures(tmp_path / "again.db", FEATURES)
    now = START + timedelta(days=30)
    for customer in {r.customer_id for r in shop.ledger.records() if r.customer_id}:
        assert_same(shop.online.read(customer, now), again.read(customer, now))
    rebuilt.close()


def test_rows_of_another_definition_are_built_anew(shop):
    shop.send({"type": "identify", "userId": "u-1", "traits": {"income": 1000}}, viewed())
    more = FeatureSet([*STANDARD_FEATURES, Feature("income", "profile", trait("income"), "yearly income")])
    FeatureProjection(shop.ledger, shop.rows, more).catch_up()
    assert OnlineFeatures(shop.home.online, more).read(shop.customer("u-1"), START)["income"] == 1000.0


def catch_up_elsewhere(path: str) -> None:
    ledger, rows = Ledger(Path(path) / "ledger.db"), PackedRows(Path(path) / "online.db")
    projection = FeatureProjection(ledger, rows, FEATURES)
    for _ in range(50):
        projection.catch_up()
    ledger.close()


def test_several_processes_apply_every_record_once(shop):
    others = [get_context("spawn").Process(target=catch_up_elsewhere, args=(str(shop.home.path),)) for _ in range(2)]
    for other in others:
        other.start()
    for _ in range(60):
        shop.send(viewed())
    for other in others:
        other.join()
        assert other.exitcode == 0
    assert shop.read("u-1")["product_views_7d"] == 60.0


def test_beginning_from_what_history_ends_with_equals_beginning_from_nothing(shop, tmp_path):
    shop.send(viewed(), {"type": "page", "anonymousId": "a-1"})
    shop.send({"type": "identify", "userId": "u-1", "anonymousId": "a-1"}, at=START + timedelta(days=1))
    History(shop.home.history, FEATURES).catch_up(shop.ledger)
    shop.send(viewed(), at=START + timedelta(days=2))
    seeded = PackedRows(tmp_path / "seeded.db")
    FeatureProjection(shop.ledger, seeded, FEATURES, seed=shop.home.history / "state.db").catch_up()
    now = START + timedelta(days=3)
    again = OnlineFeatures(tmp_path / "seeded.db", FEATURES).read(shop.customer("u-1"), now)
    assert_same(again, shop.read("u-1", now=now))
    seeded.close()


def test_a_row_past_its_time_to_live_says_nothing(tmp_path):
    features = FeatureSet(STANDARD_FEATURES, ttl={"behaviour": timedelta(days=30)})
    shop = Shop(tmp_path, features)
    shop.send(viewed(), {"type": "track", "event": "Ticket Opened", "userId": "u-1"})
    assert shop.read("u-1", now=START + timedelta(days=30))["days_since_product_view"] == 30.0
    late = shop.read("u-1", now=START + timedelta(days=31))
    assert late["days_since_product_view"] is None
    assert late["open_tickets"] == 1.0
    shop.close()
