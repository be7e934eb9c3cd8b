"""Rows 12 to 14 of the reliability list: an online store that is gone, hangs or flaps; the ledger goes on."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from statistics import median
from threading import Thread

import pytest
from asking import Caller, percentile, reasons, until_whole, worker_of
from patience import LONGEST, until
from redis_server import RedisServer
from service_process import WORKSPACE, Service

pytestmark = pytest.mark.slow

USERS = 20
LEDGER = ("online_store",)
P99_MS = 50.0
RECOVERY_SECONDS = 10.0
"""Of a machine that does nothing else; where it does, what comes back is waited for."""
TOGGLES = int(os.environ.get("TSUGI_TOGGLES", "1000"))


def life(n_users=USERS, name="m"):
    now = datetime.now(UTC).isoformat()
    seen = {"type": "track", "event": "Product Viewed", "properties": {"product": "tea"}, "timestamp": now}
    return {"batch": [{**seen, "userId": f"u-{n}", "messageId": f"{name}-{n}"} for n in range(n_users)]}


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def service(tmp_path_factory, redis):
    folder = tmp_path_factory.mktemp("service")
    shutil.copytree(WORKSPACE, folder / "workspace")
    with (folder / "workspace" / "tsugi.toml").open("a") as settings:
        settings.write('\n[stores]\nonline = "redis"\n')
    running = Service(folder, TSUGI_REDIS_URL=redis.url)
    running.client.post("/v1/events", json=life()).raise_for_status()
    yield running
    running.client.close()
    redis.go_on()
    running.stop()


@pytest.fixture
def caller(service, redis, request):
    redis.go_on()
    with closing(Caller(service, request.node.name)) as opened:
        until_whole(opened)
        yield opened


@pytest.mark.parametrize("within", [LONGEST, pytest.param(RECOVERY_SECONDS, marks=pytest.mark.reliability)])
def test_a_store_that_hangs_is_left_alone_within_ten_calls_and_comes_back_by_itself(service, redis, caller, within):
    redis.hang()
    hung = caller.ask_many(10)
    assert "the online store does not answer: it is left alone" in service.log.read_text()
    assert {each.status for each in hung} == {200}
    assert reasons(hung) == {LEDGER}
    assert all(each.body["ranked"] for each in hung)
    assert service.client.get("/readyz").json()["feature_store"] == "unreadable"
    redis.go_on()
    until_whole(caller, within)


def test_a_store_that_is_gone_leaves_every_answer_ranked_and_is_filled_again_when_it_is_back(service, redis, caller):
    redis.stop()
    gone = caller.ask_many(2 * USERS)
    assert (reasons(gone), {each.status for each in gone}) == ({LEDGER}, {200})
    assert all(each.body["ranked"] for each in gone)
    assert not any("applicability" in each.body["excluded"] for each in gone)  # the ledger knows who saw tea
    assert service.client.post("/v1/events", json=life(name="meanwhile")).json()["accepted"] == USERS
    redis.start()
    for _ in range(USERS):
        until_whole(caller)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    running = Service(tmp_path_factory.mktemp("embedded"))
    running.client.post("/v1/events", json=life()).raise_for_status()
    yield running
    running.client.close()
    running.stop()


def test_an_embedded_store_that_another_process_keeps_locked_holds_up_nobody(embedded):
    with (
        closing(Caller(embedded, "locked")) as caller,
        closing(sqlite3.connect(embedded.home / "online.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        sending = Thread(target=embedded.client.post, args=("/v1/events",), kwargs={"json": life(name="locked")})
        sending.start()
        until(lambda: is_taken_in(embedded, "locked"))
        asked = caller.ask_many(40)
        other.execute("ROLLBACK")
        sending.join()
        until_whole(caller)
    assert (reasons(asked), {each.status for each in asked}) == ({LEDGER}, {200})
    assert median(each.seconds for each in asked) < 20  # whoever waits for the lock waits 30 s


def is_taken_in(service, name):
    """Whether the ledger holds a life: what a decision would want to find in the online store."""
    with closing(sqlite3.connect(f"file:{service.home / 'ledger.db'}?mode=ro", uri=True)) as ledger:
        return ledger.execute("SELECT 1 FROM record WHERE record_id = ?", (f"{name}-0",)).fetchone()


def damaged(path):
    """Every page overwritten in place, as a failing disk would."""
    size = path.stat().st_size
    with path.open("r+b") as stream:
        stream.write(b"\xff" * size)


@pytest.mark.parametrize("harm", ["damaged", "deleted"])
def test_an_embedded_store_that_is_deleted_or_damaged_leaves_every_answer_ranked(embedded, harm):
    files = [path for path in embedded.home.iterdir() if path.name.startswith("online.db")]
    assert files
    for path in files:
        path.unlink() if harm == "deleted" else damaged(path)
    with closing(Caller(embedded, harm)) as caller:
        assert embedded.client.post("/v1/events", json=life(name=harm)).json()["accepted"] == USERS
        asked = caller.ask_many(3 * USERS)
    assert {each.status for each in asked} == {200}
    assert all(each.body["ranked"] for each in asked)
    assert reasons(asked) <= {(), LEDGER}


def in_time(asked, what):
    """Every one an answer, and 99 of 100 soon."""
    took = percentile(asked, 99)
    print(f"{what}: {len(asked)} decisions, p50 {percentile(asked, 50):.1f} ms, p99 {took:.1f} ms")
    assert {each.status for each in asked} == {200}
    assert all(each.body["ranked"] for each in asked)
    assert reasons(asked) == {LEDGER}
    assert took < P99_MS


@pytest.mark.reliability
def test_with_a_store_that_hangs_99_of_100_answers_come_within_50_ms(redis, caller):
    redis.hang()
    in_time(caller.ask_many(2_000), "hung")
    redis.go_on()
    print(f"whole again after {until_whole(caller, RECOVERY_SECONDS):.2f} s")


@pytest.mark.reliability
def test_with_a_store_that_is_gone_99_of_100_answers_come_within_50_ms(redis, caller):
    redis.stop()
    in_time(caller.ask_many(2_000), "gone")
    redis.start()


def flapped(redis, caller, n):
    """Hang and go on n times, asking each time; now and then until it is seen to be back."""
    for place in range(n):
        redis.hang()
        assert {each.status for each in caller.ask_many(3)} == {200}
        redis.go_on()
        if place % 10 == 0:
            until_whole(caller)


@pytest.mark.parametrize("toggles", [30, pytest.param(TOGGLES, marks=pytest.mark.reliability)])
def test_a_store_that_flaps_costs_neither_threads_nor_files(service, redis, caller, toggles):
    flapped(redis, caller, 20)
    worker = worker_of(service)
    before = (worker.num_threads(), worker.num_fds())
    flapped(redis, caller, toggles)
    until_whole(caller)
    after = (worker.num_threads(), worker.num_fds())
    print(f"{toggles} toggles: threads and files {before} before, {after} after")
    assert abs(after[0] - before[0]) <= 2
    assert abs(after[1] - before[1]) <= 5
