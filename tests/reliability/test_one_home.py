"""Rows 59 and 60 of the reliability list: one service a home, and a first start by many processes at once."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from patience import LONGEST
from service_process import WORKSPACE, Service, a_free_port

TIMES = int(os.environ.get("TSUGI_TAKE_OVERS", "20"))
PROCESSES = 8


def second(service):
    """What a second service on the same home says, and its exit code."""
    command = [sys.executable, "-m", "serving.launch", "--port", str(a_free_port())]
    run = subprocess.run(command, env=service.environment, capture_output=True, text=True, timeout=LONGEST, check=False)
    return run.returncode, run.stderr.strip()


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, pytest.param(TIMES, marks=pytest.mark.reliability)])
def test_a_second_service_is_refused_and_takes_over_once_the_first_is_killed(tmp_path, times):
    for _ in range(times):
        service = Service(tmp_path)
        try:
            code, said = second(service)
            assert (code, said.count("\n")) == (1, 0)
            assert "another service already serves" in said
        finally:
            service.kill()
            service.client.close()
    last = Service(tmp_path)
    assert last.client.get("/readyz").json()["status"] == "ready"
    last.kill()
    last.client.close()


def start(folder: str, rounds: str) -> None:
    """Open everything that serves, in one home after another, each as soon as it is named."""
    from pipelines.clock import system_clock
    from serving.composition import open_desk
    from serving.settings import Settings

    for n in range(int(rounds)):
        while not (Path(folder) / f"go-{n}").exists():
            time.sleep(0.0005)
        with open_desk(Settings(home=Path(folder) / f"home-{n}", workspace=WORKSPACE), clock=system_clock) as desk:
            desk.probe_features(system_clock())
        os.write(1, f"{n}\n".encode())


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.reliability)])
def test_eight_processes_start_at_once_on_an_empty_folder(tmp_path, rounds):
    path = os.pathsep.join((str(Path(__file__).parents[1]), str(Path(__file__).parents[2])))
    command = [sys.executable, __file__, tmp_path, str(rounds)]
    environment = {**os.environ, "PYTHONPATH": path}
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    told = [0] * PROCESSES
    for n in range(rounds):
        (tmp_path / f"go-{n}").touch()
        for place, process in enumerate(running):
            line = process.stdout.readline()
            assert line == f"{n}\n", process.stderr.read()[-2000:]
            told[place] += 1
    assert [process.wait(timeout=LONGEST) for process in running] == [0] * PROCESSES
    assert told == [rounds] * PROCESSES
    for process in running:
        process.communicate()


if __name__ == "__main__":
    start(*sys.argv[1:])
