import orjson
import pytest
from ledger_builders import NOW, an_event, at

from decisioning.errors import UnavailableError
from features.fact import Fact
from features.instant import to_us
from features.intake import Arrival, Intake
from features.ledger import Ledger
from features.rejects import MAX_RAW, RejectBook


class Watcher:
    def __init__(self, ledger, fails=False):
        self.ledger, self.fails, self.seen = ledger, fails, 0

    def catch_up(self):
        if self.fails:
            raise UnavailableError("down")
        self.seen = self.ledger.last_seq()


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def test_the_good_part_of_a_batch_is_kept_and_the_rest_is_refused_with_reasons(ledger):
    batch = [an_event("m-1"), an_event("m-2", type="tarck"), an_event("m-3", timestamp="2026-03-01"), an_event("m-4")]
    receipt = Intake(ledger).accept(batch, received_at=NOW)
    assert (receipt.accepted, receipt.duplicates, receipt.n_rejected) == (2, 0, 2)
    assert [(why.index, why.code, why.field) for why in receipt.rejected] == [
        (1, "unknown_type", "type"),
        (2, "naive_timestamp", "timestamp"),
    ]
    kept = RejectBook(ledger).newest()
    assert [reject.code for reject in kept] == ["naive_timestamp", "unknown_type"]
    assert orjson.loads(kept[1].raw)["messageId"] == "m-2"
    assert kept[0].received_at == NOW
    assert RejectBook(ledger).counts() == {"naive_timestamp": 1, "unknown_type": 1}


def test_a_refused_body_is_kept_in_part(ledger):
    Intake(ledger).accept([an_event("m-1", properties={"text": "x" * 40_000})], received_at=NOW)
    (reject,) = RejectBook(ledger).newest()
    assert (reject.code, len(reject.raw)) == ("too_large", MAX_RAW)


def test_an_event_sent_again_changes_nothing_even_with_another_body(ledger):
    intake = Intake(ledger)
    assert intake.accept([an_event("m-1"), an_event("m-1")], received_at=NOW).duplicates == 1
    again = intake.accept([an_event("m-1", event="Order Completed", userId="u-2")], received_at=NOW)
    assert (again.accepted, again.duplicates) == (0, 1)
    assert [record.record_id for record in ledger.records()] == ["m-1"]


def test_an_event_says_what_it_said_to_features(ledger):
    Intake(ledger).accept([an_event("m-1")], received_at=NOW)
    (record,) = ledger.records()
    (fact,) = ledger.facts_of(record.customer_id)
    assert fact == Fact("track", "Product Viewed", {"product": "loan"}, to_us(at(-60)), to_us(NOW))


def test_a_backfill_was_known_when_it_happened(ledger):
    Intake(ledger).accept([an_event("m-1")], received_at=NOW, backfill=True)
    (record,) = ledger.records()
    assert (record.known_us, record.received_us) == (to_us(at(-60)), to_us(NOW))


def test_projections_have_seen_what_is_acknowledged(ledger):
    watcher = Watcher(ledger)
    intake = Intake(ledger, [watcher])
    futures = [intake.accept_later([an_event(f"m-{n}")], received_at=NOW) for n in range(20)]
    assert all(future.result().visible for future in futures)
    assert watcher.seen == 20
    intake.accept([an_event("m-20")], received_at=NOW)
    assert watcher.seen == 21
    intake.close()


def test_events_are_durable_even_where_a_projection_is_down(ledger):
    receipt = Intake(ledger, [Watcher(ledger, fails=True)]).accept([an_event("m-1")], received_at=NOW)
    assert (receipt.accepted, receipt.visible) == (1, False)
    assert ledger.last_seq() == 1


def test_a_file_of_lines_is_loaded_past_its_bad_ones(ledger):
    lines = [orjson.dumps(an_event("m-1")), b"", b"{not json", b"[1]", orjson.dumps(an_event("m-2")), b"  \n"]
    receipt = Intake(ledger).load(lines, Arrival(NOW, source="events.jsonl"))
    assert (receipt.accepted, receipt.n_rejected) == (2, 2)
    assert [(why.index, why.code) for why in receipt.rejected] == [(2, "invalid_json"), (3, "not_an_object")]
    assert Intake(ledger).load(lines, Arrival(NOW)).duplicates == 2


def test_a_load_takes_in_what_others_write_meanwhile(ledger, monkeypatch):
    monkeypatch.setattr("features.intake.BULK_BATCH", 2)

    def stream():
        for n in range(20):
            if n % 5 == 0:
                Intake(ledger).accept([an_event(f"live-{n}", userId=f"live-{n}")], received_at=NOW)
            yield an_event(f"m-{n}", userId=f"live-{n % 4 * 5}", anonymousId=f"a-{n}")

    assert Intake(ledger).load(stream(), Arrival(NOW)).accepted == 20
    with ledger.read() as connection:
        labels = connection.execute("SELECT count(*), count(DISTINCT customer_id) FROM identifier").fetchone()
    assert labels == (24, 4)


def test_a_line_is_kept_as_it_was_sent(ledger):
    line = b'{ "type": "page",  "userId": "u-1", "messageId": "m-1", "name": "\\u00e9" }'
    Intake(ledger).load([line + b"\n"], Arrival(NOW))
    assert [record.body for record in ledger.records()] == [line]


def test_what_others_sent_before_and_during_a_load_is_a_duplicate_of_it(ledger, monkeypatch):
    monkeypatch.setattr("features.intake.BULK_BATCH", 3)
    intake = Intake(ledger)
    intake.accept([an_event("m-1")], received_at=NOW)

    def stream():
        for n in range(12):
            if n == 7:
                intake.accept([an_event("m-11")], received_at=NOW)
            yield an_event(f"m-{n}")

    receipt = intake.load(stream(), Arrival(NOW))
    assert (receipt.accepted, receipt.duplicates) == (10, 2)


@pytest.mark.parametrize("bound", ["MOST_IDENTIFIERS", "MOST_UNSEEN"])
def test_a_load_beyond_what_memory_may_hold_looks_up_and_ends_alike(ledger, monkeypatch, bound):
    monkeypatch.setattr("features.intake.BULK_BATCH", 5)
    monkeypatch.setattr(f"features.bulk_load.{bound}", -1)
    lines = [an_event(f"m-{n % 25}", userId=f"u-{n % 4}", anonymousId=f"a-{n % 6}") for n in range(30)]
    receipt = Intake(ledger).load(lines, Arrival(NOW))
    assert (receipt.accepted, receipt.duplicates) == (25, 5)
    with ledger.read() as connection:
        labels = connection.execute("SELECT count(*), count(DISTINCT customer_id) FROM identifier").fetchone()
    assert labels == (10, 2)
