"""What one customer's features cost online: issue 3 allows 0.2 ms of CPU to read them all, 0.6 ms to write a row."""

import time
from datetime import timedelta

import pytest
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feature_shop import FEATURES, START, Shop, viewed

from features.feast_repo import apply

READ_MS, WRITE_MS = 0.2, 0.6
BUSY = 2.0
"""How much more a machine may take that does other things at once; on one that does not, the figures hold."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    opened = Shop(tmp_path_factory.mktemp("home"))
    told = ("Order Completed", "Ticket Opened", "Survey Answered", "Product Added", "Email Opened")
    events = [{"type": "track", "event": name, "userId": "u-1", "properties": {"nps": 7}} for name in told]
    who = {"type": "identify", "userId": "u-1", "traits": {"birthday": "1980-02-29", "country": "AT"}}
    opened.send(viewed(), {"type": "page", "userId": "u-1"}, who, *events)
    yield opened
    opened.close()


def cpu_ms(work, *, times: int = 200) -> float:
    """Of one call, the fastest of seven rounds."""
    rounds = []
    for _ in range(7):
        began = time.process_time()
        for _ in range(times):
            work()
        rounds.append((time.process_time() - began) / times * 1000)
    return min(rounds)


def test_all_features_of_one_customer_are_read_in_a_fifth_of_a_millisecond(shop, record_property):
    customer, now = shop.customer("u-1"), START + timedelta(minutes=1)
    assert len(shop.online.read(customer, now)) == len(FEATURES.names) >= 80
    taken = cpu_ms(lambda: shop.online.read(customer, now))
    record_property("read_ms", taken)
    print(f"{len(FEATURES.names)} features read: {taken:.3f} ms of CPU (wanted: {READ_MS})")
    assert taken < READ_MS * BUSY


def test_one_row_is_written_in_little_over_half_a_millisecond_through_feast_too(shop, record_property):
    row, n = shop.rows.read(shop.customer("u-1"))[0], iter(range(10**9))
    own = cpu_ms(lambda: shop.rows.write([row._replace(event_us=row.event_us + next(n))]))
    store = apply(shop.home, FEATURES)
    view, provider = store.get_feature_view("commerce"), store._get_provider()
    key = EntityKey(join_keys=["customer_id"], entity_values=[Value(string_val="c_1")])
    values = {field.name: Value(double_val=1.0) for field in view.features}
    through = cpu_ms(
        lambda: provider.online_write_batch(store.config, view, [(key, values, START, START)], None), times=50
    )
    record_property("write_ms", {"own": own, "through Feast": through})
    print(f"one row written: {own:.3f} ms of CPU, through Feast {through:.3f} (wanted: {WRITE_MS})")
    assert own < WRITE_MS * BUSY
    assert through < WRITE_MS * BUSY
