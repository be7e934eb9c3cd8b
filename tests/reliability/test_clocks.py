"""Row 11 of the reliability list: the server's clock is the authority, whatever senders say and however it jumps."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ledger_builders import NOW, an_event
from service_process import Service

from features.feature_set import FeatureSet
from features.instant import to_us
from features.intake import Intake
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.online_store import PackedRows
from features.projection import FeatureProjection

SKEWS = [sign * timedelta(days=days) for days in (1, 7, 30, 365, 3650) for sign in (-1, 1)]
NEAR = [timedelta(seconds=seconds) for seconds in (-301, -1, 0, 1, 299, 300, 301)]


def test_no_feature_ever_comes_from_the_future_of_the_servers_clock(tmp_path):
    features = FeatureSet.load(None)
    with Ledger(tmp_path / "ledger.db") as ledger:
        rows = PackedRows(tmp_path / "online.db")
        intake = Intake(ledger, [FeatureProjection(ledger, rows, features)])
        for n, skew in enumerate([*SKEWS, *NEAR]):
            event = an_event(f"m-{n}", userId=f"u-{n}", timestamp=(NOW + skew).isoformat())
            receipt = intake.accept([event], received_at=NOW)
            assert receipt.accepted == (skew <= timedelta(seconds=300)), skew
            assert [each.code for each in receipt.rejected] == ["future_timestamp"] * (1 - receipt.accepted)
        intake.close()
        online = OnlineFeatures(tmp_path / "online.db", features)
        for record in ledger.records(kinds=["event"]):
            assert record.occurred_us <= record.known_us == to_us(NOW)
            values = online.read(record.customer_id, NOW)
            assert values["days_since_product_view"] >= 0
        rows.close()


def faked_clock():
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        pytest.skip("libfaketime is not installed: the service's clock cannot be made to jump")
    return str(library)


def set_to(setting, jump):
    """Change what the clock reads at once: the service may be reading it."""
    whole = setting.with_suffix(".new")
    whole.write_text(jump)
    whole.replace(setting)


def sent_until_answered(client, path, body, tries=8):
    """Send again what was answered 503, as a caller does.

    libfaketime makes threads wait for one another, on a loaded machine longer than a decision may take to be recorded.
    """
    status = 503
    while status == 503 and tries > 0:
        status, tries = client.post(path, json=body).status_code, tries - 1
    return status


@pytest.mark.slow
def test_a_clock_that_jumps_an_hour_under_load_fails_no_request_and_dates_nothing_ahead(tmp_path):
    setting = tmp_path / "clock"
    setting.write_text("+0")
    faked = {"LD_PRELOAD": faked_clock(), "FAKETIME_TIMESTAMP_FILE": str(setting), "FAKETIME_NO_CACHE": "1"}
    service = Service(tmp_path, **faked, FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1")
    statuses, n = [], 0
    try:
        for jump in ("+3600", "+0", "-3600", "+0", "+3600", "-3600"):
            set_to(setting, jump)
            now = datetime.now(UTC) + timedelta(seconds=int(jump))
            for _ in range(20):
                n += 1
                event = {"type": "track", "event": "Seen", "messageId": f"m-{n}", "userId": f"u-{n % 7}"}
                sent = {"batch": [{**event, "timestamp": now.isoformat()}]}
                asked = {"request_id": f"r-{n}", "customer": {"user_id": f"u-{n % 7}"}, "placement": "web_home"}
                statuses += [
                    sent_until_answered(service.client, "/v1/events", sent),
                    sent_until_answered(service.client, "/v1/decisions", asked),
                ]
        assert statuses == [200] * len(statuses)
        profile = service.client.post("/v1/profiles", json={"customer": {"user_id": "u-1"}}).json()
    finally:
        service.kill()
        service.client.close()
    assert profile["features"]["days_since_activity"] >= 0
    with Ledger(service.home / "ledger.db") as ledger:
        assert all(record.occurred_us <= record.received_us for record in ledger.records(kinds=["event"]))
