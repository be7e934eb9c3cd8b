"""Decisions asked for one after the other, with how long each took."""

import http.client
import json
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import psutil
from patience import LONGEST
from service_process import KEY, Service

IDLE_SECONDS = 1.0
"""That a connection is used again after; the service lets go what is idle for five."""


class Asked(NamedTuple):
    """One answer. Parameters: `seconds`, that it took; `body`, as it was read."""

    seconds: float
    status: int
    body: dict


class Caller:
    """One connection to a service. Parameters: `name`, what its request ids begin with."""

    def __init__(self, service: Service, name: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=LONGEST)
        self._name, self._n, self._last = name, 0, 0.0

    def ask(self, user: str, placement: str = "web_home") -> Asked:
        self._n += 1
        if time.monotonic() - self._last > IDLE_SECONDS:
            self._connection.close()
        body = {"request_id": f"{self._name}-{self._n}", "customer": {"user_id": user}, "placement": placement}
        sent, began = json.dumps(body), time.perf_counter()
        self._connection.request("POST", "/v1/decisions", sent, {**KEY, "Content-Type": "application/json"})
        answer = self._connection.getresponse()
        read, self._last = answer.read(), time.monotonic()
        return Asked(time.perf_counter() - began, answer.status, json.loads(read))

    def ask_many(self, n: int, n_users: int = 20) -> list[Asked]:
        return [self.ask(f"u-{place % n_users}") for place in range(n)]

    def close(self) -> None:
        self._connection.close()


def percentile(asked: Sequence[Asked], share: float) -> float:
    """Milliseconds within which this share of the answers came, in percent."""
    return 1000 * float(np.percentile([each.seconds for each in asked], share))


def reasons(asked: Sequence[Asked]) -> set[tuple[str, ...]]:
    return {tuple(each.body["degraded_reasons"]) for each in asked}


def worker_of(service: Service) -> psutil.Process:
    """The process that answers: the worker, or the one that was started where that answers itself."""
    family = psutil.Process(service.process.pid)
    workers = [each for each in family.children(recursive=True) if "_bentoml_impl.worker.service" in each.cmdline()]
    return workers[0] if workers else family


def until_whole(caller: Caller, seconds: float = LONGEST) -> float:
    """Ask until an answer is not degraded; the seconds that took."""
    began = time.monotonic()
    while caller.ask("u-1").body["degraded"]:
        assert time.monotonic() - began < seconds, "decisions stay degraded"
        time.sleep(0.05)
    return time.monotonic() - began
