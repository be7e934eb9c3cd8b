"""Rows 32 to 34 of the reliability list: a key that floods, thousands of idle connections, five times too much."""

import os
import resource
import socket
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from multiprocessing import get_context
from statistics import median
from threading import Thread

import httpx
import numpy as np
import pytest
from asking import Caller, percentile, worker_of
from meanwhile import meanwhile
from patience import LONGEST, until
from service_process import Service

pytestmark = pytest.mark.slow

IDLE = int(os.environ.get("TSUGI_IDLE_SOCKETS", "2000"))
QUOTA = 20
FLOODING = 4
"""Connections of who floods."""
SECONDS = float(os.environ.get("TSUGI_LOAD_SECONDS", "10"))


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = Service(
        tmp_path_factory.mktemp("service"), keys=f"key-of-the-tests,decide@{QUOTA}:flooding,decide@1:hasty,write:w"
    )
    yield running
    running.client.close()
    running.stop()


def flood(url, key, quota, going, over):
    """Ask ten times as often as a key may, until a file says that it is over; statuses, with advice when to come again.

    On several connections, so that also where an answer takes long more is asked than may be. Parameters: `going`, a
    file that is made with the first refusal.
    """
    with ThreadPoolExecutor(FLOODING) as pool:
        parts = [pool.submit(flood_one, url, key, quota, f"{place}", going, over) for place in range(FLOODING)]
    return [each for part in parts for each in part.result()]


def flood_one(url, key, quota, name, going, over):
    """The share of one connection."""
    found, began = [], time.monotonic()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=LONGEST) as client:
        while not over.exists():
            n = len(found)
            body = {
                "request_id": f"{key}-{name}-{n}",
                "customer": {"user_id": f"u-{n % 20}"},
                "placement": "web_home",
            }
            answer = client.post("/v1/decisions", json=body)
            found.append((answer.status_code, answer.headers.get("retry-after")))
            if answer.status_code == 429:
                going.touch()
            time.sleep(max(0.0, began + n * FLOODING / (10 * quota) - time.monotonic()))
    return found


@contextmanager
def flooded(url, key, quota, folder):
    """While a process of its own floods; what it found, once that is over."""
    going, over = folder / "going", folder / "over"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        flooding = pool.submit(flood, url, key, quota, going, over)
        try:
            while not going.exists() and not flooding.done():
                time.sleep(0.01)
            yield flooding
        finally:
            over.touch()


@pytest.mark.parametrize(
    ("n", "key", "quota", "bound"),
    [(100, "hasty", 1, None), pytest.param(1_000, "flooding", QUOTA, 1.5, marks=pytest.mark.reliability)],
)
def test_a_key_that_floods_is_told_to_wait_and_the_other_keys_do_not(service, tmp_path, n, key, quota, bound):
    with closing(Caller(service, f"calm-{n}")) as caller:
        caller.ask_many(50)
        idle = paced(caller, n)
        with flooded(service.url, key, quota, tmp_path) as flooding:
            beside = paced(caller, n)
    found = flooding.result()
    took = [percentile(each, 99) for each in (idle, beside)]
    refused = sum(status == 429 for status, _ in found)
    print(f"p99 idle {took[0]:.1f} ms, beside a flood {took[1]:.1f} ms; {refused} of {len(found)} refused")
    assert {each.status for each in beside} == {200}
    assert {(status, bool(wait)) for status, wait in found} == {(200, False), (429, True)}
    assert bound is None or took[1] <= bound * took[0]


def test_a_key_that_floods_is_refused_in_the_words_of_the_route_and_its_connection_goes_on(service):
    said = "this key may make 1 requests a second"
    with httpx.Client(base_url=service.url, headers={"Authorization": "Bearer hasty"}, timeout=LONGEST) as client:
        for path, more in (("/v1/decisions", {}), ("/v1/track", {"code": "too_many_requests", "message": said})):
            refused = until_refused(client, path)
            assert refused.json() == {
                "error": {"code": "too_many_requests", "message": said, "field": None}, **more
            }  # fmt: skip
            assert refused.headers["retry-after"] == "1"
        until_refused(client, "/v1/decisions", content=b"x" * 300_000)
        assert client.get("/livez").status_code == 200
        time.sleep(2.0)
        assert client.post("/v1/decisions", json={}).status_code == 400  # it may ask again, and is read again


def until_refused(client, path, **body):
    answers = (client.post(path, **body or {"json": {}}) for _ in range(1_000))
    return next(each for each in answers if each.status_code == 429)


def paced(caller, n, seconds=0.01):
    asked = []
    for place in range(n):
        asked.append(caller.ask(f"u-{place % 20}"))
        time.sleep(seconds)
    return asked


def drip(connections, stop):
    """One byte a second to each."""
    sent = b"POST /v1/decisions HTTP/1.1\r\n" * 40
    for byte in sent:
        for each in connections:
            try:
                each.send(bytes([byte]))
            except OSError:
                continue  # the service closed it
        if stop.wait(1.0):
            return


@pytest.mark.parametrize("n", [600, pytest.param(IDLE, marks=pytest.mark.reliability)])
def test_idle_and_dripping_connections_take_no_place_from_whoever_asks(service, n):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < n + 200:
        pytest.skip(f"{hard} files may be open here, too few for {n} connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, n + 200), hard))
    worker = worker_of(service)
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection(("127.0.0.1", service.port))) for _ in range(n)]
        with meanwhile(partial(drip, opened)):
            took = [lived(service) for _ in range(20)]
            files = worker.num_fds()
    until(lambda: worker.num_fds() <= 100, within=10.0 if n == IDLE else LONGEST)
    print(f"{n} connections: /livez in {median(took):.3f} s, at most {max(took):.3f} s, {files} files")
    assert median(took) < 1.0
    assert n < IDLE or max(took) < 1.0
    assert files < min(n, 800)


def lived(service):
    """How long one look at liveness takes, from a new connection on."""
    began = time.perf_counter()
    assert httpx.get(f"{service.url}/livez", timeout=LONGEST).status_code == 200
    time.sleep(0.05)
    return time.perf_counter() - began - 0.05


class Open:
    """Requests at moments that no answer moves. Parameters: `per_second`, by all of the `n_connections` together."""

    def __init__(self, service, name, *, per_second, n_connections=100):
        self._service, self._name, self._gap = service, name, n_connections / per_second
        self._n = n_connections
        self.took, self.refused, self.lost = [], 0, 0

    def run(self, seconds):
        threads = [Thread(target=self._send, args=(place, seconds)) for place in range(self._n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, place, seconds):
        caller = Caller(self._service, f"{self._name}-{place}")
        began = time.monotonic() + self._gap * place / self._n
        due = began
        while due < began + seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            answer = caller.ask(f"u-{place}")
            if answer.status == 200:
                self.took.append(answer.seconds)
            else:
                self.refused += 1
            due = max(due + self._gap, time.monotonic() - self._gap)
        caller.close()


def borne(service, seconds):
    """Decisions a second that eight busy connections get."""
    busy = Open(service, "peak", per_second=1e6, n_connections=8)
    busy.run(seconds)
    return len(busy.took) / seconds


@pytest.mark.reliability
def test_of_five_times_what_can_be_borne_four_fifths_of_the_peak_are_still_answered_soon(service):
    peak = borne(service, SECONDS)
    load = Open(service, "load", per_second=5 * peak)
    load.run(SECONDS)
    goodput, p99 = len(load.took) / SECONDS, 1000 * float(np.percentile(load.took, 99))
    offered = (len(load.took) + load.refused) / SECONDS
    print(
        f"peak {peak:.0f}/s; offered {offered:.0f}/s: {goodput:.0f}/s answered ({goodput / peak:.0%} of the peak), "
        f"p99 {p99:.0f} ms, {load.refused} refused at once"
    )
    assert goodput >= 0.8 * peak
    assert p99 < 200.0
