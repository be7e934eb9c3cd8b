"""Several workers of one home: one service to whoever calls, whichever of them answers."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import httpx
import pytest
from patience import LONGEST
from service_process import KEY, a_service, an_environment

from serving.metrics import Metrics

N_CALLERS = 12


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with a_service(tmp_path_factory.mktemp("service"), TSUGI_WORKERS="2") as running:
        yield running


def everybody(service, path, body=None):
    """The answers to the same request on connections of their own, asked at once."""

    def ask(_):
        with httpx.Client(base_url=service.url, headers=KEY, timeout=LONGEST) as client:
            return client.post(path, json=body) if body else client.get(path)

    with ThreadPoolExecutor(N_CALLERS) as callers:
        return list(callers.map(ask, range(3 * N_CALLERS)))


@pytest.mark.slow
def test_the_same_request_is_one_decision_whichever_worker_answers(service):
    body = {"request_id": "r-1", "customer": {"user_id": "ada"}, "placement": "web_home"}
    given = everybody(service, "/v1/decisions", body)
    assert {each.status_code for each in given} == {200}
    assert len({each.content for each in given}) == 1


@pytest.mark.slow
def test_each_worker_counts_for_itself_and_says_so(service):
    seen, deadline = set(), monotonic() + LONGEST
    while seen != {"1", "2"} and monotonic() < deadline:
        for answer in everybody(service, "/metrics"):
            (worker,) = set(re.findall(r'worker="(\w+)"', answer.text))
            seen.add(worker)
    assert seen == {"1", "2"}


def test_one_worker_alone_is_not_named():
    assert b"worker" not in Metrics().render()


@pytest.mark.parametrize("given", ["0", "65", "two", "-1"])
def test_a_number_of_workers_that_is_none_is_refused_in_one_line(tmp_path, given):
    environment = {**an_environment(tmp_path, tmp_path), "TSUGI_WORKERS": given}
    command = [sys.executable, "-m", "serving.launch"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"tsugi serve: TSUGI_WORKERS (--workers) is '{given}'; a number from 1 to 64 is allowed"
    ]
