"""Rows 4 and 5 of the reliability list: a full, a read-only and a failing disk never acknowledge what is not stored."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import httpx
import pytest
from acknowledging import event
from ledger_builders import NOW
from patience import LONGEST, until
from service_process import Service

from decisioning.errors import UnavailableError
from features.intake import Intake
from features.ledger import Ledger

HERE = Path(__file__).parent
SIZE = "8m"


@contextmanager
def mounted(folder: Path):
    """A file system of its own, small enough to fill."""
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"a file system of its own cannot be mounted here: {mount.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def small(tmp_path):
    with mounted(tmp_path / "small") as folder:
        service = Service(tmp_path, home=folder / "home")
        try:
            yield service
        finally:
            service.kill()
            service.client.close()


def fill(folder: Path) -> Path:
    """Leave not one byte free."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as stream:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    stream.write(b"\0" * size)
            except OSError:
                continue
    return path


class Load:
    """What was sent to a service, and what it acknowledged."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.acknowledged: set[str] = set()
        self.decisions: list[int] = []
        self.refused: list[int] = []

    def send(self, name: str) -> None:
        now = datetime.now(UTC).isoformat()
        sent = {"batch": [{"type": "track", "event": "Seen", "messageId": name, "userId": name, "timestamp": now}]}
        answer = self._client.post("/v1/events", json=sent)
        if answer.status_code == 200:
            self.acknowledged.add(name)
        else:
            self.refused.append(answer.status_code)

    def ask(self, name: str) -> dict[str, object]:
        body = {"request_id": name, "customer": {"user_id": "u-1"}, "placement": "web_home"}
        answer = self._client.post("/v1/decisions", json=body)
        self.decisions.append(answer.status_code)
        return answer.json()


def recorded(home: Path) -> set[str]:
    with Ledger(home / "ledger.db") as ledger:
        return {record.record_id for record in ledger.records(kinds=["event"])}


RECOVERS = [LONGEST, pytest.param(5.0, marks=pytest.mark.reliability)]
"""Seconds within which events are taken in again: on any machine, and on one that does nothing else."""


def until_accepted(load: Load, within: float) -> None:
    """Until events are taken in, and then decisions are made, as ever."""
    again = count()
    until(lambda: is_accepted(load, f"again-{next(again)}"), within=within)
    until(lambda: not load.ask(f"after-{next(again)}")["degraded"], within=within)


def is_accepted(load: Load, name: str) -> bool:
    load.send(name)
    return name in load.acknowledged


@pytest.mark.slow
@pytest.mark.parametrize("within", RECOVERS)
def test_a_full_disk_acknowledges_nothing_decisions_go_on_and_it_recovers_by_itself(small, within):
    load = Load(small.client)
    for n in range(20):
        load.send(f"before-{n}")
        load.ask(f"before-{n}")
    filler = fill(small.home.parent)
    answers = []
    for n in range(200):
        load.send(f"full-{n}")
        answers.append(load.ask(f"full-{n}"))
    assert set(load.refused) == {503}
    assert load.decisions.count(200) >= 0.999 * len(load.decisions)
    last = answers[-1]
    assert "ledger" in last["degraded_reasons"]
    assert {item["action"] for item in last["ranked"]} <= {"coffee", "greeting"}  # a cap counts the third
    filler.unlink()
    until_accepted(load, within)
    assert load.acknowledged <= recorded(small.home)


def failing_library(folder: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: writes cannot be made to fail")
    library = folder / "failing_writes.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, HERE / "failing_writes.c", "-ldl"], check=True)
    return library


def failing(folder: Path, *, every: int) -> dict[str, str]:
    """The environment in which, while the file `on` exists, every n-th write to the ledger's log fails."""
    return {
        "LD_PRELOAD": str(failing_library(folder)),
        "TSUGI_FAIL_EVERY": str(every),
        "TSUGI_FAIL_NAME": "ledger.db-wal",
        "TSUGI_FAIL_SWITCH": str(folder / "on"),
    }


def take(path: str, requests: str, switch: str) -> None:
    """Send events one after another to a ledger whose every tenth write fails; say what was acknowledged."""
    with Ledger(Path(path)) as ledger:
        Path(switch).touch()
        intake = Intake(ledger)
        for n in range(int(requests)):
            try:
                intake.accept([event(f"e-{n}", f"u-{n}")], received_at=NOW)
            except UnavailableError:
                os.write(1, b"-\n")
            else:
                os.write(1, f"e-{n}\n".encode())
        Path(switch).unlink()
        intake.close()


@pytest.mark.slow
@pytest.mark.parametrize("within", RECOVERS)
def test_a_disk_that_refuses_every_write_acknowledges_nothing_and_decisions_go_on(tmp_path, within):
    switch = tmp_path / "on"
    service = Service(tmp_path, **failing(tmp_path, every=1))
    load = Load(service.client)
    try:
        load.send("before")
        switch.touch()
        for n in range(50):
            load.send(f"failing-{n}")
            load.ask(f"failing-{n}")
        assert (set(load.refused), set(load.decisions)) == ({503}, {200})
        switch.unlink()
        until_accepted(load, within)
    finally:
        service.kill()
        service.client.close()
    assert load.acknowledged <= recorded(service.home)


@pytest.mark.parametrize(
    ("every", "requests"),
    [(10, 100), (101, 300), pytest.param(10, 10_000, marks=pytest.mark.reliability)],
)
def test_a_disk_that_fails_some_writes_acknowledges_only_what_is_stored(tmp_path, every, requests):
    path, switch = tmp_path / "ledger.db", tmp_path / "on"
    run = subprocess.run(
        [sys.executable, __file__, path, str(requests), switch],
        env={**os.environ, **failing(tmp_path, every=every), "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    told = run.stdout.split()
    acknowledged = {each for each in told if each != "-"}
    assert (len(told), "-" in told) == (requests, True)
    with Ledger(path) as ledger:
        stored = {record.record_id for record in ledger.records(kinds=["event"])}
        with ledger.read() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert acknowledged == stored


if __name__ == "__main__":
    take(*sys.argv[1:])
