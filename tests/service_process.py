"""A real service process for tests: `bentoml serve`, started as `tsugi serve` starts it."""

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from patience import LONGEST

WORKSPACE = Path(__file__).parent / "serving" / "workspace"
KEY = {"Authorization": "Bearer key-of-the-tests"}
WRITE = {"Authorization": "Basic " + base64.b64encode(b"write-key-of-the-tests:").decode()}


def a_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


KEYS = "key-of-the-tests,write:write-key-of-the-tests"


def an_environment(home, workspace, *, keys=KEYS):
    return {
        **os.environ,
        "TSUGI_HOME": str(home),
        "TSUGI_WORKSPACE": str(workspace),
        "TSUGI_API_KEYS": keys,
        "OMP_NUM_THREADS": "1",
    }


def launched(environment, port, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "serving.launch", "--port", str(port)], env=environment, text=True, **options
    )


def until_live(client, process, log, seconds=LONGEST):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/livez").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    process.terminate()
    raise AssertionError(f"the service did not answer (exit code {process.poll()}): {log.read_text()[-2000:]}")


class Service:
    """One running service. Parameters: `home`, where it shall not be a new folder; `more`, of its environment."""

    def __init__(self, folder, *, home=None, keys=KEYS, **more):
        self.home, self.workspace, self.log = home or folder / "home", folder / "workspace", folder / "log"
        if not self.workspace.exists():
            shutil.copytree(WORKSPACE, self.workspace)
        self.port = a_free_port()
        self.environment = {**an_environment(self.home, self.workspace, keys=keys), **more}
        with self.log.open("a") as log:
            self.process = launched(self.environment, self.port, stdout=log, stderr=subprocess.STDOUT)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=KEY, timeout=LONGEST)
        until_live(self.client, self.process, self.log)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def kill(self):
        """Kill it and its worker, as a power cut would."""
        for process in (*psutil.Process(self.process.pid).children(recursive=True), self.process):
            process.kill()
        self.process.wait(timeout=LONGEST)

    def restart(self, **changed):
        """End it as a rolling restart does, and start it again on the same port; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=LONGEST)
        self.environment = {**self.environment, **changed}
        with self.log.open("a") as log:
            self.process = launched(self.environment, self.port, stdout=log, stderr=subprocess.STDOUT)
        until_live(self.client, self.process, self.log)
        return code

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=LONGEST)


@contextmanager
def a_service(folder, **more):
    """A running service that ends with the block. Parameters: `more`, of its environment."""
    running = Service(folder, **more)
    try:
        yield running
    finally:
        running.client.close()
        running.stop()
