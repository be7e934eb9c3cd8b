"""Row 23 of the reliability list: a record that cannot be read is set aside with its reason; the others go on."""

import random

import pytest
from ledger_builders import NOW, an_event

from features.dead_letter import TRIES, DeadLetters
from features.feature_set import FeatureSet
from features.instant import to_us
from features.intake import Intake
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.online_store import PackedRows
from features.projection import FeatureProjection
from features.rebuild import rebuild
from features.record import EVENT, Record
from features.rejects import RejectBook

POISON = (b"{", b"[]", b"{}", b'"text"', b'{"type": "track"}', b'{"type": "track", "event": "A", "properties": 7}')


def poisoned(ledger: Ledger, places: set[int]) -> None:
    """Break the bodies of some records, as a bad disk or another release might have left them."""
    broken = [(POISON[place % len(POISON)], place) for place in sorted(places)]
    ledger.write(lambda db: db.executemany("UPDATE record SET body = ? WHERE seq = ?", broken)).result()


@pytest.mark.parametrize("n_events", [1_000, pytest.param(10_000, marks=pytest.mark.reliability)])
def test_one_record_in_a_hundred_that_cannot_be_read_takes_no_other_with_it(tmp_path, n_events):
    features = FeatureSet.load(None)
    with Ledger(tmp_path / "ledger.db") as ledger:
        intake = Intake(ledger)
        intake.accept([an_event(f"m-{n}", userId=f"u-{n}") for n in range(n_events)], received_at=NOW)
        intake.close()
        bad = set(random.Random(23).sample(range(1, n_events + 1), n_events // 100))  # noqa: S311 - seeded
        of = {record.seq: record.customer_id for record in ledger.records()}
        poisoned(ledger, bad)
        rows = PackedRows(tmp_path / "online.db")
        assert FeatureProjection(ledger, rows, features).catch_up() == n_events
        online = OnlineFeatures(tmp_path / "online.db", features)
        views = {seq: (online.read(customer, NOW) or {}).get("product_views_30d") for seq, customer in of.items()}
        assert {seq for seq, seen in views.items() if not seen} == bad
        rows.drop(view.name for view in features.views)
        FeatureProjection(ledger, PackedRows(tmp_path / "again.db"), features).catch_up()
        told = RejectBook(ledger).newest(n_events)
        assert {(each.source, each.code) for each in told} == {("ledger", "unreadable_record")}
        assert sorted(each.place for each in told) == sorted(bad)
        assert rebuild(ledger) == n_events
        rows.close()


def test_it_is_tried_so_often_before_it_is_set_aside(monkeypatch):
    tried = []
    record = Record(1, EVENT, "m", "c", to_us(NOW), to_us(NOW), to_us(NOW), "http", b"{")
    monkeypatch.setattr("features.record._READERS", {EVENT: lambda each: tried.append(each) or each.body["x"]})
    letters = DeadLetters()
    assert letters.facts_in(record) == ()
    assert (len(tried), list(letters.found)) == (TRIES, [1])
