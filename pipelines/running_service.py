"""Runs the real service as a child process for a while, and asks it over HTTP."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from decisioning.errors import UnavailableError
from pipelines.serve import serve_command, serve_environment

HOST = "127.0.0.1"
PATIENCE_SECONDS = 300.0
"""That a service may take to start or to end, on a machine that does much else; it takes few."""


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that answers. Parameters: `url`, without a slash at the end."""

    url: str

    def post(self, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON answer to a JSON body. Raises `UnavailableError` with the service's own words where it refuses."""
        request = Request(  # noqa: S310 (a fixed address on this machine)
            self.url + route, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
        )
        try:
            with urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 (as above)
                read: dict[str, Any] = json.load(answer)
                return read
        except HTTPError as error:
            raise UnavailableError(f"{route} answered {error.code}: {error.read().decode()}") from error


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_service(home: Path, workspace: Path, *, log: Path) -> Iterator[RunningService]:
    """Start the service on a free port, wait until it is ready, and stop it at the end.

    Raises `UnavailableError`, naming the log, where it does not become ready.
    """
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (a fixed command)
            serve_command(host=HOST, port=port),
            env=serve_environment(home, workspace),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            service = RunningService(f"http://{HOST}:{port}")
            _wait(service, process, log)
            yield service
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)


def _wait(service: RunningService, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while monotonic() < deadline and process.poll() is None:
        if _is_ready(service):
            return
        sleep(0.2)
    raise UnavailableError(f"the service did not become ready within {PATIENCE_SECONDS:.0f} s; see {log}")


def _is_ready(service: RunningService) -> bool:
    try:
        with urlopen(f"{service.url}/readyz", timeout=10) as answer:  # noqa: S310 (a fixed address on this machine)
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
