"""The worker: real commands as child processes, on a leash, and what becomes of runs whose worker is killed."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Timer

import psutil
import pytest
from patience import LONGEST, until

from decisioning.errors import UnavailableError
from features.home import Home
from features.ledger import Ledger
from features.retraining_run import RunRequest
from features.run_queue import LEASE, RunQueue
from pipelines.lease import lease
from pipelines.worker import Worker

SHOP = Path(__file__).parents[1] / "serving" / "workspace"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path):
    shutil.copytree(SHOP, tmp_path / "shop")
    Ledger(Home(tmp_path / "home").create().ledger).close()
    return tmp_path


def queue_of(place):
    return RunQueue(Home(place / "home").runs)


def asked(place, name="nightly", **change):
    return queue_of(place).ask(RunRequest(name, **change), now=datetime.now(UTC))


@contextmanager
def a_worker(place, *arguments, **started):
    """A worker as a process of its own; whatever fails meanwhile ends it too."""
    command = [sys.executable, "-m", "pipelines", "worker", "--home", "home", "--workspace", "shop", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=place, env=environment, **pipes, **started) as worker:
        try:
            yield worker
        finally:
            worker.kill()


def never_read(path):
    """Let whoever reads a file wait for its content for as long as they live."""
    path.unlink()
    os.mkfifo(path)


def child_of(worker):
    children = psutil.Process(worker.pid).children()
    return children[0] if children else None


def test_a_run_that_cannot_learn_yet_has_failed_and_says_why(place):
    run = asked(place)
    with a_worker(place, "--once") as worker:
        printed, said = worker.communicate(timeout=LONGEST)
    assert (worker.returncode, printed) == (0, "1 runs ended\n"), said
    told = queue_of(place).run(run.run_id)
    assert (told.state, told.exit_code, told.attempts) == ("failed", 15, 1)
    assert any("at least 500 are needed" in line.text for line in told.lines), told.lines


def test_a_worker_waits_for_whoever_retrains_by_hand(place):
    run = asked(place)
    with lease(Home(place / "home").lock("retrain"), work="retraining"), a_worker(place, "--pause", "0.1") as worker:
        until(lambda: "already running" in " ".join(line.text for line in queue_of(place).run(run.run_id).lines))
        until(lambda: queue_of(place).run(run.run_id).state == "queued")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=LONGEST) == 0
    assert queue_of(place).run(run.run_id).state == "queued"


def test_a_killed_worker_takes_its_command_with_it_and_another_takes_over(place):
    run = asked(place)
    never_read(place / "shop" / "catalog.yaml")
    with a_worker(place) as worker:
        child = until(lambda: child_of(worker))
        assert until(lambda: child.nice() == min(psutil.Process().nice() + 10, 19))
        assert len(child.cpu_affinity()) == 1
        worker.kill()
        worker.wait()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    left = queue_of(place).run(run.run_id)
    assert (left.state, left.attempts) == ("running", 1)
    assert queue_of(place).take("another", now=left.started_at + 2 * LEASE).run_id == run.run_id


@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), signal.SIGTERM)", "sys.exit(130)"])
def test_a_run_that_is_ended_by_the_signal_that_ends_its_worker_is_put_back(place, monkeypatch, ending):
    (place / "ended.py").write_text(f"import os, signal, sys; {ending}")
    monkeypatch.chdir(place)
    monkeypatch.setattr("pipelines.worker.LEASHED", "ended")
    monkeypatch.setattr("pipelines.worker.LOOK_SECONDS", 30.0)
    run, over = asked(place), Event()
    queue, told = queue_of(place), lambda: datetime.now(UTC)
    Worker("w_1", queue, place / "home", place / "shop", told, over, lambda _: over.set()).work()
    assert (queue.run(run.run_id).state, queue.run(run.run_id).exit_code) == ("queued", None)


def test_a_signal_to_the_group_of_a_worker_does_not_lose_the_run_under_way(place):
    run = asked(place)
    never_read(place / "shop" / "catalog.yaml")
    with a_worker(place, start_new_session=True) as worker:
        until(lambda: child_of(worker))
        os.killpg(worker.pid, signal.SIGTERM)
        assert worker.wait(timeout=LONGEST) == 0
    assert queue_of(place).run(run.run_id).state == "queued"


class LockedQueue(RunQueue):
    """A queue that cannot be written to when lines come."""

    def say(self, run_id, text, *, now):
        raise UnavailableError("the queue cannot be used: database is locked")


def test_a_run_that_says_more_than_a_pipe_holds_ends_though_not_one_line_can_be_kept(place, monkeypatch):
    n, over, said = 4000, Event(), []
    (place / "loud.py").write_text(f"import sys; sys.stderr.buffer.write(b'\\xff line of what is done\\n' * {n})")
    monkeypatch.chdir(place)
    monkeypatch.setattr("pipelines.worker.LEASHED", "loud")
    asked(place)
    queue = LockedQueue(Home(place / "home").runs)
    worker = Worker("w_1", queue, place / "home", place / "shop", lambda: datetime.now(UTC), over, said.append)
    hangs = Timer(LONGEST, over.set)
    hangs.start()
    assert worker.work(once=True) == 1
    hangs.cancel()
    assert sum("line of what is done" in line for line in said) == n
    assert sum("not kept: the queue cannot be used" in line for line in said) == n


class OftenLockedQueue(RunQueue):
    """A queue in which nothing can be renewed."""

    def renew(self, run_id, worker, *, now):
        raise UnavailableError("the queue cannot be used: database is locked")


def test_a_run_that_cannot_be_renewed_goes_on_and_what_it_came_to_counts(place, monkeypatch):
    (place / "slow.py").write_text("import time; time.sleep(1); print('{\"promoted\": true}')")
    monkeypatch.chdir(place)
    monkeypatch.setattr("pipelines.worker.LEASHED", "slow")
    monkeypatch.setattr("pipelines.worker.LOOK_SECONDS", 0.2)
    run, over, said = asked(place), Event(), []
    queue = OftenLockedQueue(Home(place / "home").runs)
    worker = Worker("w_1", queue, place / "home", place / "shop", lambda: datetime.now(UTC), over, said.append)
    assert worker.work(once=True) == 1
    assert queue.run(run.run_id).result == {"promoted": True}
    assert any("goes on, though it could not be renewed: the queue cannot be used" in line for line in said)
