"""Rows 25 to 29 of the reliability list: too large, bombs, injections, paths for names, and callers without a key."""

import gzip
import io
import json
import os
import re
import socket
import sqlite3
from collections import Counter
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import product
from urllib.parse import quote

import httpx
import psutil
import pytest
from asking import worker_of
from attacks import payloads
from patience import LONGEST
from service_process import KEY, a_service

from serving.routes import ROUTES

pytestmark = pytest.mark.slow

MB = 1 << 20
MOST_GROWTH = 20 * MB
STREAMED = int(os.environ.get("TSUGI_STREAMED_MB", "1024")) * MB
JSON = {**KEY, "Content-Type": "application/json"}
POSTS = [route for route in ROUTES if route.method == "POST"]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with a_service(tmp_path_factory.mktemp("service")) as running:
        ask(running, "warm")
        yield running


@pytest.fixture
def grown(service):
    """How many bytes the worker has grown since the test began."""
    worker = worker_of(service)
    before = worker.memory_info().rss
    return lambda: worker.memory_info().rss - before


def ask(service, name, **change):
    body = {"request_id": name, "customer": {"user_id": "ada"}, "placement": "web_home", **change}
    return service.client.post("/v1/decisions", json=body)


def streamed(service, path, size, *, chunked):
    """Send a body of so many bytes until the service has heard enough; its status, and how much was sent."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{length}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in JSON.items())
    piece = b" " * MB
    sent = 0
    with closing(socket.create_connection(("127.0.0.1", service.port), timeout=LONGEST)) as connection:
        connection.sendall(head.encode() + b"\r\n")
        with suppress(ConnectionError):
            while sent < size:
                connection.sendall(b"%x\r\n%b\r\n" % (MB, piece) if chunked else piece)
                sent += MB
        answer = b""
        with suppress(ConnectionError):
            answer = connection.recv(4096)
    return int(answer.split()[1]) if answer else 0, sent


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/events", "/v1/batch"])
def test_a_body_one_byte_too_large_is_413(service, path):
    limit = next(route.limit for route in ROUTES if route.path == path)
    answer = httpx.post(f"{service.url}{path}", content=b" " * (limit + 1), headers=JSON, timeout=LONGEST)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [50 * MB, pytest.param(STREAMED, marks=pytest.mark.reliability)])
def test_a_large_body_is_refused_before_it_is_read(service, grown, size, chunked):
    found = [streamed(service, path, size, chunked=chunked) for path in ("/v1/decisions", "/v1/batch")]
    print(f"{size // MB} MB, chunked {chunked}: {found}, grown by {grown() / MB:.1f} MB")
    assert {status for status, _ in found} <= {413, 0}  # 0: the connection ended before the answer could be read
    assert grown() < MOST_GROWTH
    assert ask(service, f"after-{size}-{chunked}").status_code == 200


@pytest.mark.parametrize("size", [50 * MB, pytest.param(1024 * MB, marks=pytest.mark.reliability)])
def test_a_bomb_is_not_unpacked(service, grown, size):
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as stream:
        for _ in range(size // MB):
            stream.write(bytes(MB))
    headers = {**JSON, "Content-Encoding": "gzip"}
    paths = ("/v1/decisions", "/v1/batch", "/v1/events", "/v1/track")
    found = {
        httpx.post(f"{service.url}{path}", content=packed.getvalue(), headers=headers, timeout=LONGEST).status_code
        for path in paths
    }
    print(f"{size // MB} MB of zeros: {found}, grown by {grown() / MB:.1f} MB")
    assert found == {413}
    assert grown() < MOST_GROWTH


# --- what is written somewhere -----------------------------------------------------------------------------------

N_PAYLOADS = 2_000


def below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def tables(home):
    """The schema of the ledger, and how many rows each table has."""
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        schema = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return schema, {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def everywhere(payload, n):
    """(path, body) of requests with a payload in every text that a caller may choose."""
    now = datetime.now(UTC).isoformat()
    who = {"user_id": payload}
    event = {"type": "track", "event": payload, "userId": payload, "messageId": f"{n}-{payload}", "timestamp": now}
    return [
        ("/v1/decisions", {"request_id": f"{n}-{payload}", "customer": who, "placement": payload}),
        ("/v1/decisions", {"request_id": f"{n}-{payload}", "customer": who, "placement": "web_home", "session": payload,
                           "context": {"fact": payload}}),
        ("/v1/decisions", {"request_id": payload, "customer": who, "placements": [payload], "channel": payload}),
        ("/v1/explanations", {"decision_id": payload, "what_if": {"placement": payload, "context": {"fact": payload},
                                                                  "features": {payload[:60]: payload}}}),
        ("/v1/outcomes", {"outcomes": [{"outcome_id": f"{n}-{payload}", "decision_id": payload, "action": payload,
                                        "treatment": payload, "type": "click", "occurred_at": now}]}),
        ("/v1/events", {"batch": [{**event, "properties": {"product": payload, payload[:60]: payload}}]}),
        ("/v1/identify", {**event, "type": "identify", "traits": {"email": payload, "city": payload}}),
        ("/v1/profiles", {"customer": who}),
        ("/v1/consents", {"consent_id": f"{n}-{payload}", "customer": who, "purpose": payload, "granted": False,
                          "method": payload, "channel": payload, "text": {"version": payload, "url": payload}}),
        ("/v1/holds", {"hold_id": f"{n}-{payload}", "customer": who, "hold": payload, "issues": [payload]}),
        ("/v1/objections", {"objection_id": f"{n}-{payload}", "customer": who, "to": [payload]}),
        ("/v1/exports", {"customer": who}),
        ("/v1/retraining-runs", {"request_id": payload}),
    ]  # fmt: skip


@pytest.mark.parametrize("n", [40, pytest.param(N_PAYLOADS, marks=pytest.mark.reliability)])
def test_what_callers_write_is_data_and_nothing_else(service, n):
    schema, _ = tables(service.home)
    attacks = payloads(n)
    files = below(service.home.parent)
    before = len(service.log.read_text().splitlines())
    statuses = Counter()
    for place, payload in enumerate(attacks):
        for path, body in everywhere(payload, place):
            statuses[service.client.post(path, content=json.dumps(body).encode(), headers=JSON).status_code] += 1
        named = quote(payload, safe="")
        statuses[service.client.get(f"/v1/retraining-runs/{named}").status_code] += 1
    after, counts = tables(service.home)
    log = service.log.read_text()
    print(
        f"{len(set(attacks)):,} payloads, {statuses.total():,} requests: {dict(statuses)}; {counts['record']} records"
    )
    assert len(set(attacks)) == n
    assert max(statuses) < 500
    assert after == schema
    assert counts["record"] >= n
    assert {name for name in below(service.home.parent) - files if not name.startswith("home/runs.db")} == set()
    assert "forged" not in log
    assert len(log.splitlines()) - before < 10


# --- who may call ------------------------------------------------------------------------------------------------

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
OTHERS = ["/", "/v1", "/v1/", "/v1/decisions/", "//v1/decisions", "/V1/decisions", "/v1/%64ecisions", "/schema.json",
          "/healthz", "/docs", "/docs.json/", "/console", "/static_content/index.css", "/.env", "/livez/../metrics",
          "/livez/"]  # fmt: skip


def test_without_a_key_everything_but_liveness_is_401_by_whatever_method(service):
    paths = [re.sub(r"{\w+}", "x", route.path) for route in ROUTES] + OTHERS
    more = ({}, {"X-HTTP-Method-Override": "GET"}, {"Authorization": "Bearer x"}, {"X-API-Key": "null"},
            {"X-Forwarded-For": "127.0.0.1"}, {"Authorization": "Basic Og=="})  # fmt: skip
    with httpx.Client(base_url=service.url, timeout=LONGEST) as client:
        asked = {
            (method, path, place): client.request(method, service.url + path, headers=headers).status_code
            for method, path in product(METHODS, paths)
            for place, headers in enumerate(more)
        }
    open_to_all = {each for each, status in asked.items() if status != 401}
    print(f"{len(asked)} requests without a key, {len(open_to_all)} not answered with 401")
    assert {(method, path) for method, path, _ in open_to_all} == {("GET", "/livez"), ("HEAD", "/livez")}


def test_the_service_is_whole_after_all_this(service):
    assert ask(service, "last").status_code == 200
    assert psutil.pid_exists(service.process.pid)
