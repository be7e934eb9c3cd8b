"""Rows 35 and 36 of the reliability list: a worker that is killed under load, and a service that is restarted in it."""

import os
import time
from collections import Counter
from functools import partial

import httpx
import psutil
import pytest
from meanwhile import meanwhile
from service_process import KEY, Service, until_live

from serving.client.errors import ApiError
from serving.client.transport import Patience
from serving.client.tsugi import Tsugi

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("TSUGI_WORKER_KILLS", "20"))
RESTARTS = int(os.environ.get("TSUGI_RESTARTS", "50"))
BACK_SECONDS = 20.0
CONNECTIONS = 4
PATIENCE = Patience(timeout=30, tries=200, first_wait=0.02, longest_backoff=1.0)
"""On a busy machine a start takes half a minute: some 100 s of tries."""


class Plain:
    """One connection without a second try: how often a call failed, by the connection it was made on."""

    def __init__(self, service, name):
        self._service, self._name = service, name
        self.n_answered, self.n_failed = 0, 0

    def ask(self, stop):
        client, is_down = httpx.Client(base_url=self._service.url, headers=KEY, timeout=30), False
        with client:
            while not stop.is_set():
                body = {"request_id": f"{self._name}-{self.n_answered}", "customer": {"user_id": "u-1"}}
                try:
                    answer = client.post("/v1/decisions", json={**body, "placement": "web_home"})
                    assert answer.status_code == 200, answer.text
                    self.n_answered, is_down = self.n_answered + 1, False
                except httpx.ConnectError:
                    time.sleep(0.05)  # there is no worker yet: no connection was open
                except httpx.TransportError:
                    assert not is_down, "an open connection failed twice in a row"
                    self.n_failed, is_down = self.n_failed + 1, True


def workers(service):
    return psutil.Process(service.process.pid).children(recursive=True)


def killed(service):
    """Kill every worker; the seconds until one answers again."""
    for worker in workers(service):
        worker.kill()
    began = time.monotonic()
    until_live(service.client, service.process, service.log, seconds=BACK_SECONDS * 3)
    return time.monotonic() - began


@pytest.mark.parametrize("kills", [1, pytest.param(KILLS, marks=pytest.mark.reliability)])
def test_a_killed_worker_costs_each_open_connection_one_call_and_is_back_soon(tmp_path, kills):
    service = Service(tmp_path)
    try:
        if not workers(service):
            pytest.skip("the service answers in the process that was started: there is no worker to kill")
        callers = [Plain(service, f"k-{place}") for place in range(CONNECTIONS)]
        back = []
        with meanwhile(*(caller.ask for caller in callers)):
            for _ in range(kills):
                time.sleep(1.0)
                back.append(killed(service))
            time.sleep(1.0)
    finally:
        service.client.close()
        service.stop()
    failed, answered = [each.n_failed for each in callers], sum(each.n_answered for each in callers)
    print(f"{kills} kills: back after at most {max(back):.1f} s; {answered} answered, {failed} failed by connection")
    assert max(failed) <= kills
    assert answered > kills * CONNECTIONS
    assert kills == 1 or max(back) < BACK_SECONDS


def ask_safely(service, told, stop):
    """Ask with the client that tries again; every answer, and every failure that it could not help."""
    with Tsugi(service.url, key="key-of-the-tests", patience=PATIENCE) as tsugi:
        while not stop.is_set():
            try:
                tsugi.decide({"user_id": f"u-{len(told) % 20}"}, "web_home")
                told.append("answered")
            except ApiError as error:
                told.append(type(error).__name__)


@pytest.mark.parametrize("restarts", [1, pytest.param(RESTARTS, marks=pytest.mark.reliability)])
def test_a_restart_in_load_loses_no_request_of_a_client_that_tries_again(tmp_path, restarts):
    service, told, codes = Service(tmp_path), [], []
    try:
        with meanwhile(*(partial(ask_safely, service, told) for _ in range(CONNECTIONS))):
            for _ in range(restarts):
                time.sleep(0.5)
                codes.append(service.restart())
            time.sleep(0.5)
    finally:
        service.client.close()
        service.stop()
    print(f"{restarts} restarts: {len(told)} requests: {dict(Counter(told))}")
    assert set(codes) == {0}
    assert set(told) == {"answered"}
    assert len(told) > restarts
