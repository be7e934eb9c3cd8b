"""Rows 43 to 45 of the reliability list: a rollback in load, without MLflow; a canary that ends itself."""

import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from meanwhile import meanwhile
from service_process import KEY, Service

from decisioning.rollout import draw_of
from features.rollout_pointer import read_rollout
from training.artifact import verify, write_bundle
from training.champion_log import champion_changes
from training.constant import ConstantBundle, ConstantEntry
from training.publication import publish, publish_challenger

pytestmark = [pytest.mark.reliability, pytest.mark.slow]

ROLLBACK_SECONDS = 5.0
ABORT_SECONDS = 120.0
USERS = 40


def a_bundle(folder, **values):
    entries = {name: ConstantEntry(name, value, 1.0, value / 10, 100) for name, value in values.items()}
    write_bundle(ConstantBundle("", "", entries), folder, created_at=datetime.now(UTC))
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home whose second champion serves, with a damaged registry. The service alone tries what it loads."""
    monkeypatch.setattr("training.publication.verify_in_subprocess", verify)
    home = tmp_path / "home"
    for number, values in enumerate(({"coffee": 1.0, "greeting": 0.5}, {"coffee": 0.3, "greeting": 0.7}), 1):
        publish(a_bundle(tmp_path / f"made-{number}", **values), home, number=number)
    (home / "mlflow.db").write_bytes(b"this is no database")
    return home


def decided(client, name, user):
    body = {"request_id": name, "customer": {"user_id": user}, "placement": "web_home"}
    answer = client.post("/v1/decisions", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def scores(answer):
    return {item["action"]: (item["propensity"], item["priority"]) for item in answer["ranked"]}


def ask(service, answers, name, stop):
    with httpx.Client(base_url=service.url, headers=KEY, timeout=20) as client:
        n = 0
        while not stop.is_set():
            answers.append((time.monotonic(), decided(client, f"{name}-{n}", f"u-{n % USERS}")))
            n += 1


def until(condition, seconds):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.1)
    return time.monotonic() - began


def rolled_back(service):
    command = [sys.executable, "-m", "pipelines", "rollback", "--home", str(service.home)]
    done = subprocess.run(
        [*command, "--workspace", str(service.workspace)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def serving(service):
    return service.client.get("/readyz").json()["bundle"]


def test_a_rollback_in_load_and_without_mlflow_takes_less_than_five_seconds_and_no_answer_is_lost(home, tmp_path):
    first, second = (each.version for each in champion_changes(home))
    service = Service(tmp_path, home=home)
    try:
        assert serving(service) == second  # a cold start from what lies below the home, the registry damaged
        publish(tmp_path / "made-1", home, number=1)
        until(lambda: serving(service) == first, 60)
        before = [scores(decided(service.client, f"before-{n}", f"u-{n}")) for n in range(USERS)]
        publish(tmp_path / "made-2", home, number=2)
        until(lambda: serving(service) == second, 60)
        answers = []
        with meanwhile(*(partial(ask, service, answers, f"load-{i}") for i in range(2))):
            began = time.monotonic()
            told = rolled_back(service)
            until(lambda: serving(service) == first, 60)
            took = time.monotonic() - began
            after = [scores(decided(service.client, f"after-{n}", f"u-{n}")) for n in range(USERS)]
    finally:
        service.client.close()
        service.stop()
    print(f"rollback: {took:.2f} s, {len(answers)} decisions meanwhile")
    assert first in told
    for one, other in zip(before, after, strict=True):
        shared = one.keys() & other.keys()
        assert [one[name] for name in shared] == [other[name] for name in shared]
    assert {answer["versions"]["bundle"] for _, answer in answers} <= {first, second}
    assert not any(answer["degraded"] for _, answer in answers)
    assert (champion_changes(home)[-1].how, champion_changes(home)[-1].version) == ("rolled back", first)
    assert took < ROLLBACK_SECONDS


def test_a_registry_that_is_locked_or_gone_and_a_champion_that_is_altered_leave_what_serves(home, tmp_path):
    (home / "mlflow.db").unlink()
    service = Service(tmp_path, home=home)
    try:
        served, answers = serving(service), []
        with meanwhile(partial(ask, service, answers, "load")):
            with sqlite3.connect(home / "mlflow.db", isolation_level=None) as connection:
                connection.execute("BEGIN EXCLUSIVE")
                time.sleep(1.0)
                connection.execute("ROLLBACK")
            connection.close()
            for path in (
                home / "mlflow.db",
                home / "bundles" / served / "bundle.json",
                home / "bundles" / "champion.json",
            ):
                path.unlink()
                time.sleep(1.0)
            (home / "bundles" / "champion.json").write_bytes(b'{"version": "' + b"f" * 16 + b'", "sha256": "0"}')
            until(lambda: service.client.get("/readyz").json()["refused"] != [], 30)
            time.sleep(1.0)
    finally:
        service.client.close()
        service.stop()
    assert len(answers) > 50
    assert {answer["versions"]["bundle"] for _, answer in answers} == {served}
    assert not any(answer["degraded"] for _, answer in answers)


def test_a_canary_that_earns_less_is_ended_within_two_minutes_and_nobody_gets_it_any_more(home, tmp_path):
    service = Service(tmp_path, home=home)
    try:
        champion = serving(service)
        pointer = publish_challenger(a_bundle(tmp_path / "worse", coffee=0.9, greeting=0.1), home, share=0.5)
        until(lambda: 'what="challenger"} 1.0' in service.client.get("/metrics").text
              and pointer.version in service.client.get("/metrics").text, 60)  # fmt: skip
        bundles = {}
        for n in range(200):
            answer, again = (decided(service.client, f"{name}-{n}", f"c-{n}") for name in ("first", "again"))
            assert again["versions"]["bundle"] == answer["versions"]["bundle"]
            bundles[answer["customer_id"]] = answer["versions"]["bundle"]
        drawn = {customer: draw_of(customer, pointer.version) < 0.5 for customer in bundles}
        assert bundles == {each: pointer.version if taken else champion for each, taken in drawn.items()}
        began, n = time.monotonic(), 200
        while read_rollout(home).mode != "ended":
            assert time.monotonic() - began < ABORT_SECONDS, f"it goes on after {n} customers"
            answer = decided(service.client, f"first-{n}", f"c-{n}")
            if answer["versions"]["bundle"] == champion and n % 2:
                answered(service.client, answer, n)
            n += 1
        took = time.monotonic() - began
        gone = 'tsugi_serving{version="none",what="challenger"} 1.0'
        until(lambda: gone in service.client.get("/metrics").text, 10)
        late = {decided(service.client, f"late-{n}", f"c-{n}")["versions"]["bundle"] for n in range(100)}
    finally:
        service.client.close()
        service.stop()
    print(f"canary ended {took:.1f} s after the first outcome: {read_rollout(home).reason}")
    assert late == {champion}
    assert "it earns less" in read_rollout(home).reason


def answered(client, decision, n):
    outcome = {
        "outcome_id": f"o-{n}", "decision_id": decision["decision_id"], "action": decision["chosen"],
        "treatment": decision["ranked"][0]["treatment"], "type": "accept", "occurred_at": decision["decided_at"],
    }  # fmt: skip
    client.post("/v1/outcomes", json={"outcomes": [outcome]}).raise_for_status()
