"""The published Python libraries of Segment and RudderStack, unchanged, against the running service."""

import gzip
import json
import os
import re
import sqlite3
import warnings
from collections import Counter
from contextlib import closing, nullcontext
from pathlib import Path

import httpx
import pytest
from patience import LONGEST, until
from segment.analytics.client import Client as SegmentClient
from service_process import KEYS, Service

from decisioning.customer import CustomerReference
from features.golden_record import GoldenRecord
from features.identity import IdentityGraph
from features.ledger import Ledger

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what RudderStack's package warns of as it is imported is not ours
    from rudderstack.analytics.client import Client as RudderClient

RECORDED_KEYS = ("WK", "WKR", *(f"{sdk}flaky{status}" for sdk in "SR" for status in (400, 429, 503)))
SENDERS = {
    "segment, plain": lambda **options: SegmentClient("write-key-of-the-tests", **options),
    "segment, packed": lambda **options: SegmentClient("write-key-of-the-tests", gzip=True, **options),
    "rudder, packed": lambda **options: RudderClient("write-key-of-the-tests", **options),
    "rudder, plain": lambda **options: RudderClient("write-key-of-the-tests", **{"gzip": False, **options}),
}
BOTH = ("segment, plain", "rudder, packed")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    keys = ",".join([KEYS, *(f"write:{key}" for key in RECORDED_KEYS)])
    running = Service(tmp_path_factory.mktemp("senders"), keys=keys)
    yield running
    running.client.close()
    running.stop()


class Sender:
    """One library's client, what it reported as failed, and how often it asked."""

    def __init__(self, name, service, **options):
        self.failed = []
        make = SENDERS[name]
        self.client = make(host=service.url, on_error=lambda error, _: self.failed.append(error), **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.join()

    def delivered(self):
        self.client.flush()
        return not self.failed


@pytest.fixture(params=SENDERS)
def sender(request, service):
    with Sender(request.param, service, upload_interval=0.1) as made:
        made.name = request.param.replace(", ", "-")
        yield made


def bodies(service, prefix):
    """The bodies of the ledger whose message id begins so, by message id."""
    with closing(sqlite3.connect(f"file:{service.home / 'ledger.db'}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT record_id, body FROM record WHERE kind = 'event' AND record_id GLOB ?", (prefix + "*",)
        ).fetchall()
    return {record_id: json.loads(body) for record_id, body in rows}


def rejects(service, fragment):
    with closing(sqlite3.connect(f"file:{service.home / 'ledger.db'}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT code, raw FROM reject").fetchall()
    return [code for code, raw in rows if fragment.encode() in raw]


def n_too_large(service):
    return rejects(service, "").count("too_large")


def n_answered(service, route=".*", *, status=".*"):
    """How many requests were answered so."""
    counted = rf'^tsugi_requests_total{{route="{route}",status="{status}"}} (\S+)$'
    return sum(map(float, re.findall(counted, service.client.get("/metrics").text, re.MULTILINE)))


def test_every_call_arrives_once_and_means_what_it_says(service, sender):
    user, client = f"ada-{sender.name}", sender.client
    ids = {"message_id": "x"}
    for call, arguments in {
        "identify": {"user_id": user, "traits": {"plan": "pro", "age": 41}},
        "track": {"user_id": user, "event": "Product Viewed", "properties": {"product": "tea"}},
        "page": {"user_id": user, "category": "Docs", "name": "Home", "properties": {"url": "https://shop.example/"}},
        "screen": {"user_id": user, "name": "Basket"},
        "alias": {"previous_id": f"anonymous-{user}", "user_id": user},
        "group": {"user_id": user, "group_id": "household-1", "traits": {"size": 3}},
    }.items():
        ids["message_id"] = f"{user}-{call}"
        getattr(client, call)(**arguments, **ids)
    assert sender.delivered()
    found = bodies(service, user)
    assert Counter(body["type"] for body in found.values()) == Counter(
        ["identify", "track", "page", "screen", "alias", "group"]
    )
    with Ledger(service.home / "ledger.db") as ledger:
        identity = IdentityGraph(ledger)
        customer = identity.resolve(CustomerReference("user_id", user))
        assert customer == identity.resolve(CustomerReference("anonymous_id", f"anonymous-{user}"))
        fields = GoldenRecord(ledger).profile(customer).fields
    assert {name: field.value for name, field in fields.items()} == {"plan": "pro", "age": 41}


def test_a_thousand_events_arrive_in_batches_each_once_even_when_sent_twice(service, sender):
    for again in range(2):
        for number in range(500):
            assert sender.client.track("bulk", "Product Viewed", message_id=f"bulk-{sender.name}-{number}")[0], again
    assert sender.delivered()
    assert len(bodies(service, f"bulk-{sender.name}-")) == 500


def test_the_next_decision_has_seen_what_was_delivered(service, sender):
    user = f"viewer-{sender.name}"
    sender.client.track(user, "Product Viewed", {"product": "tea"})
    assert sender.delivered()
    ask = {"customer": {"user_id": user}}
    told = service.client.post("/v1/profiles", json=ask).json()
    assert told["features"]["product_views_7d"] == pytest.approx(1, abs=1e-3)


def test_an_event_that_python_writes_as_no_json_costs_only_itself(service, sender):
    user = f"nan-{sender.name}"
    for number, amount in enumerate([1.0, float("nan"), float("inf"), 2**70, 2.0]):
        sender.client.track(user, "Order Completed", {"revenue": amount}, message_id=f"{user}-{number}")
    assert sender.delivered()
    assert sorted(bodies(service, user)) == [f"{user}-0", f"{user}-4"]
    assert sorted(rejects(service, user)) == ["invalid_json", "not_finite", "not_finite"]


def test_a_full_batch_of_large_events_is_taken(service, sender):
    user = f"large-{sender.name}"
    for number in range(100):
        sender.client.track(user, "Article Read", {"text": "x" * 30_000}, message_id=f"{user}-{number}")
    assert sender.delivered()
    assert len(bodies(service, user)) == 100


def test_an_event_beyond_32_kilobytes_costs_only_itself(service, sender):
    """Segment's library refuses to take it; RudderStack's sends it, and it is refused here."""
    user, before, refusing = f"huge-{sender.name}", n_too_large(service), sender.name.startswith("segment")
    for number, size in enumerate([10, 33_000, 10]):
        with pytest.raises(RuntimeError) if refusing and size > 32_768 else nullcontext():
            sender.client.track(user, "Article Read", {"text": "x" * size}, message_id=f"{user}-{number}")
    assert sender.delivered()
    assert sorted(bodies(service, user)) == [f"{user}-0", f"{user}-2"]
    assert n_too_large(service) - before == (not refusing)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(("size", "code"), [(2500, None), (2501, "invalid_input")])
def test_2500_events_are_a_batch_and_more_are_dropped_without_a_retry(service, name, size, code):
    """Segment's library never sends so many at once: it closes a batch at 475,000 bytes."""
    refused = [code] if code and name.startswith("rudder") else []
    patience = LONGEST if name.startswith("rudder") else 2  # that a full batch is waited for, in seconds
    with Sender(name, service, upload_size=size, upload_interval=patience) as sender:
        before = n_answered(service, "/v1/batch")
        for number in range(size):
            sender.client.track("many", "Viewed", message_id=f"many-{name}-{size}-{number}")
        sender.client.flush()
        n_sent = n_answered(service, "/v1/batch") - before
        sender.client.consumers[0].upload_interval = 0.1
        sender.client.track("many", "Viewed")  # it waits for the next batch: this ends that
    assert [error.code for error in sender.failed] == refused
    assert n_sent == 1 or name.startswith("segment")
    assert len(bodies(service, f"many-{name}-{size}-")) == (0 if refused else size)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(("path", "key", "status"), [("", "nobody's", 401), ("/somewhere", None, 404)])
def test_a_wrong_key_and_a_wrong_address_are_dropped_at_once(service, name, path, key, status):
    with Sender(name, service) as sender:
        (consumer,) = sender.client.consumers
        consumer.host, consumer.write_key = service.url + path, key or "key-of-the-tests"
        before = n_answered(service, status=status)
        sender.client.track("lost", "Viewed")
        assert not sender.delivered()
    assert [error.status for error in sender.failed] == [status]
    assert n_answered(service, status=status) - before == 1


def test_what_the_store_could_not_take_is_sent_again_and_arrives_once(service):
    """The ledger is held by somebody else for longer than the service waits: 503, a retry, one record each."""
    senders = {name: Sender(name, service, upload_interval=0.1) for name in BOTH}
    with closing(sqlite3.connect(service.home / "ledger.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        for name, sender in senders.items():
            sender.client.track("patient", "Viewed", message_id=f"patient-{name}")
        until(lambda: n_answered(service, status=503) >= len(BOTH))
        assert not bodies(service, "patient-")
        holder.execute("COMMIT")
    assert all(sender.delivered() for sender in senders.values())
    assert sorted(bodies(service, "patient-")) == sorted(f"patient-{name}" for name in BOTH)
    for sender in senders.values():
        sender.client.join()


@pytest.fixture(scope="module")
def recorded():
    root = os.environ.get("TSUGI_TEST_DATA")
    if not root:
        pytest.skip("TSUGI_TEST_DATA is not set; it names the folder that holds segment-sdk-payloads")
    path = Path(root) / "segment-sdk-payloads" / "payloads.jsonl"
    if not path.is_file():
        pytest.skip(f"TSUGI_TEST_DATA={root} has no segment-sdk-payloads/payloads.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def replayed(service, request):
    text = b"" if request["body"] is None else json.dumps(request["body"]).encode()
    packed = gzip.compress(text) if request["headers"].get("Content-Encoding") == "gzip" else text
    kept = {name: value for name, value in request["headers"].items() if name not in ("Host", "Content-Length")}
    return httpx.request(
        request["method"], service.url + request["path"], headers=kept, content=packed, timeout=LONGEST
    )


def test_the_recorded_requests_are_answered_as_their_senders_need(service, recorded):
    """20 requests: 17 of the two libraries, 200 each and every event once; 3 of another product, which has no route."""
    answers = [(request, replayed(service, request)) for request in recorded]
    ours = [(request, answer) for request, answer in answers if request["path"] == "/v1/batch"]
    assert (len(answers), len(ours)) == (20, 17)
    assert {answer.status_code for _, answer in ours} == {200}
    assert all(answer.json()["rejected"] == [] for _, answer in ours)
    sent = [event["messageId"] for request, _ in ours for event in request["body"]["batch"]]
    assert sum(answer.json()["accepted"] for _, answer in ours) == len(set(sent))
    assert sum(answer.json()["duplicates"] for _, answer in ours) == len(sent) - len(set(sent))
    others = [answer for request, answer in answers if request["path"] != "/v1/batch"]
    assert {answer.status_code for answer in others} == {401}
    assert all({"code", "message"} <= answer.json().keys() for answer in others)
