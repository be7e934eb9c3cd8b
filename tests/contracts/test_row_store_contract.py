"""What every store of online rows keeps to: the embedded one and Redis, by the same tests."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from feature_shop import FEATURES, START, assert_same, viewed
from meanwhile import meanwhile
from redis_server import a_redis

from decisioning.customer import CustomerReference
from decisioning.errors import UnavailableError
from features.feature_set import FeatureSet
from features.history import History
from features.home import Home
from features.identity import IdentityGraph
from features.intake import Intake
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.online_store import PackedRow, PackedRows
from features.packing import pack, unpack
from features.projection import FeatureProjection
from features.standard import STANDARD_FEATURES
from features.stores import Stores, open_rows


@pytest.fixture(scope="module")
def redis_at(tmp_path_factory):
    with a_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["embedded", "redis"])
def stores(request, tmp_path) -> Stores:
    if request.param == "embedded":
        return Stores()
    return Stores(online="redis", redis=request.getfixturevalue("redis_at"), prefix=tmp_path.name)


@pytest.fixture
def rows(stores, tmp_path):
    opened = open_rows(Home(tmp_path), stores)
    yield opened
    opened.close()


def a_row(value: float = 1.0, *, customer: str = "c_1", view: str = "v", event_us: int = 10, created_us: int = 10):
    return PackedRow(customer, view, event_us, created_us, pack(np.array([[value]]))[0])


def test_what_is_written_is_read_bit_by_bit(rows):
    state = pack(np.array([[0.1 + 0.2, 1_750_000_000_000_001.0, float("nan")]]))[0]
    written = [PackedRow("c_1", "v", 1_750_000_000_000_001, 6, state), a_row(2.0, view="w")]
    rows.write(written)
    assert sorted(rows.read("c_1")) == sorted(written)
    assert rows.read("c_2") == []


def test_an_older_row_never_replaces_a_newer_one(rows):
    rows.write([a_row(1.0, event_us=10)])
    for late in (a_row(2.0, event_us=9), a_row(3.0, event_us=10, created_us=9)):
        rows.write([late])
        assert rows.read("c_1") == [a_row(1.0, event_us=10)]
    rows.write([a_row(4.0, event_us=10, created_us=11)])
    assert rows.read("c_1") == [a_row(4.0, event_us=10, created_us=11)]


def test_many_customers_are_read_at_once_and_views_are_dropped(rows):
    rows.write(a_row(float(n), customer=f"c_{n}", view=view) for n in range(700) for view in "vw")
    assert len(rows.read_many([f"c_{n}" for n in range(700)])) == 1400
    rows.drop(["v"])
    assert {row.view for row in rows.read_many([f"c_{n}" for n in range(700)])} == {"w"}


def test_rows_and_progress_are_committed_together_or_not_at_all(rows):
    def fail_half_way() -> None:
        with rows.exclusive("one") as changes:
            changes.replace([a_row()])
            changes.advance(7)
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert (rows.read("c_1"), rows.progress("one")) == ([], 0)
    with rows.exclusive("one") as changes:
        changes.replace([a_row()])
        changes.advance(7)
    assert (rows.read("c_1"), rows.progress("one"), rows.progress("another")) == ([a_row()], 7, 0)


def test_a_writer_sees_what_it_has_changed(rows):
    rows.write([a_row(customer="c_1"), a_row(customer="c_2"), a_row(customer="c_2", view="w")])
    with rows.exclusive("one") as changes:
        changes.forget(["c_1"])
        changes.replace([a_row(5.0, customer="c_2")])
        assert sorted(changes.read_many(["c_1", "c_2"])) == [
            a_row(5.0, customer="c_2"), a_row(customer="c_2", view="w")
        ]  # fmt: skip
        changes.replace([a_row(6.0, customer="c_1", view="w")])
        changes.advance(1)
    assert rows.read("c_1") == [a_row(6.0, customer="c_1", view="w")]
    with rows.exclusive("one") as changes:
        changes.clear()
        changes.replace(a_row(7.0, customer=f"c_{n}") for n in range(5000))
        changes.advance(2)
    assert rows.read("c_1") == [a_row(7.0, customer="c_1")]
    assert len(rows.read_many([f"c_{n}" for n in range(5000)])) == 5000


def test_no_vector_is_torn_while_another_writes(stores, tmp_path):
    writer, reader = (open_rows(Home(tmp_path), stores) for _ in range(2))

    def write_all_as_one(stop: Event) -> None:
        i = 0
        while not stop.is_set():
            i += 1
            writer.write(a_row(float(i), view=view, event_us=i) for view in "abcdefgh")
        writer.close()

    seen: list[set[bytes]] = []
    with meanwhile(write_all_as_one) as (writing,):
        while len(seen) < 400 or set().union(*seen) == seen[0]:  # until it was written in between, too
            assert not writing.done()
            found = {row.state for row in reader.read("c_1")}
            assert len(found) <= 1
            seen += [found] if found else []
    reader.close()


def test_of_two_writers_the_newest_event_time_stays(stores, tmp_path):
    chance = random.Random(17)  # noqa: S311 - a seeded world, nothing secret
    moments = [(place, chance.randrange(10**9)) for place in range(1_000) for _ in range(3)]
    newest = {f"c_{place}": max(us for at, us in moments if at == place) for place in range(1_000)}

    def write(shuffled: list[tuple[int, int]]) -> None:
        own = open_rows(Home(tmp_path), stores)
        for start in range(0, len(shuffled), 50):
            own.write(a_row(customer=f"c_{place}", event_us=us) for place, us in shuffled[start : start + 50])
        own.close()

    with ThreadPoolExecutor(2) as writers:
        list(writers.map(write, [chance.sample(moments, 3_000) for _ in range(2)]))
    rows = open_rows(Home(tmp_path), stores)
    assert {row.customer_id: row.event_us for row in rows.read_many(list(newest))} == newest
    rows.close()


def test_a_store_follows_the_ledger_merges_and_all_and_is_built_anew_for_other_features(stores, tmp_path):
    home = Home(tmp_path / "home").create()
    with Ledger(home.ledger) as ledger:
        rows = open_rows(home, stores)
        projection = FeatureProjection(ledger, rows, FEATURES)
        intake = Intake(ledger, [projection])
        for day in range(12):
            at = START + timedelta(days=day)
            events = [viewed(f"u-{day % 3}"), {"type": "page", "anonymousId": f"a-{day % 4}"}]
            if day % 5 == 4:
                events.append({"type": "identify", "userId": f"u-{day % 3}", "anonymousId": f"a-{day % 4}"})
            for place, event in enumerate(events):
                event |= {"messageId": f"m-{day}-{place}", "timestamp": at.isoformat()}
            intake.accept(events, received_at=at)
        assert_all_equal(ledger, OnlineFeatures(rows, FEATURES), rebuilt(ledger, tmp_path, FEATURES))
        few = FeatureSet(STANDARD_FEATURES[:20])
        History(home.history, few).catch_up(ledger)
        FeatureProjection(ledger, rows, few, seed=home.history / "state.db").catch_up()
        assert_all_equal(ledger, OnlineFeatures(rows, few), rebuilt(ledger, tmp_path, few))
        intake.close()
        rows.close()


def rebuilt(ledger: Ledger, folder: Path, features: FeatureSet) -> OnlineFeatures:
    path = folder / f"{features.fingerprint}.db"
    FeatureProjection(ledger, PackedRows(path), features).catch_up()
    return OnlineFeatures(path, features)


def assert_all_equal(ledger: Ledger, one: OnlineFeatures, other: OnlineFeatures) -> None:
    customers = {record.customer_id for record in ledger.records() if record.customer_id}
    assert len(customers) > 3
    for customer in customers:
        assert_same(one.read(customer, START), other.read(customer, START))
    assert IdentityGraph(ledger).resolve(CustomerReference("user_id", "u-1")) in customers


def test_a_redis_that_does_not_answer_is_named_without_its_password():
    stores = Stores(online="redis", redis="redis://127.0.0.1:1/0", prefix="x")
    with pytest.raises(UnavailableError, match=r"redis at 127\.0\.0\.1:1 cannot be used"):
        open_rows(Home(Path("nowhere")), stores)


def test_the_variable_says_which_redis_and_its_password_is_told_to_nobody(monkeypatch):
    monkeypatch.setenv("TSUGI_REDIS_URL", "redis://user:secret@127.0.0.1:2/0")
    with pytest.raises(UnavailableError, match=r"redis at 127\.0\.0\.1:2 ") as raised:
        open_rows(Home(Path("nowhere")), Stores(online="redis", prefix="x"))
    assert "secret" not in str(raised.value)


def test_two_tenants_of_one_redis_never_meet(redis_at):
    tenants = (Stores(online="redis", redis=redis_at, prefix=name) for name in ("a", "ab"))
    one, other = (open_rows(Home(Path("nowhere")), each) for each in tenants)
    one.write([a_row(1.0)])
    other.write([a_row(2.0)])
    with one.exclusive("one") as changes:
        changes.clear()
        changes.advance(1)
    assert (one.read("c_1"), other.read("c_1")) == ([], [a_row(2.0)])
    assert float(unpack([other.read("c_1")[0].state], 1)[0, 0]) == 2.0
    one.close()
    other.close()
