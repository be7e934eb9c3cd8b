"""Load over HTTP: servers as processes of their own, kept connections, CPU of the server's processes."""

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped] # its types are another package

from benchmarks.report import Cell

KEY = "benchmark"
CONNECTIONS = (1, 8)
STARTING = 300.0
"""Seconds that a server may take to become ready."""


@dataclass
class Server:
    """One server under measurement, by number of connections.

    Parameters: `seconds` of every request answered with 200, `refused` those with anything else; `cpu` and `wall`
    seconds of all of them.
    """

    name: str
    port: int
    process: psutil.Popen
    seconds: dict[int, list[float]] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)
    cpu: dict[int, float] = field(default_factory=dict)
    wall: dict[int, float] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """CPU of the process and its children so far."""
        everyone = [self.process, *self.process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:2]) for each in everyone)

    def forget(self) -> None:
        """Start measuring anew, once warm."""
        self.seconds, self.refused, self.cpu, self.wall = {}, {}, {}, {}

    def post(self, path: str, body: object) -> bytes:
        """One request, answered."""
        address, headers = f"http://127.0.0.1:{self.port}{path}", {"Authorization": f"Bearer {KEY}"}
        answer = httpx.post(address, json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.content


@contextmanager
def serving(
    name: str, command: Callable[[int], Sequence[str]], *, environment: Mapping[str, str], folder: Path
) -> Iterator[Server]:
    """A server that is ready; its output goes to a file in `folder`.

    Parameters: `command` for a port.
    """
    port, log = _a_free_port(), folder / f"{name}.log"
    with log.open("w") as output:
        process = psutil.Popen(
            list(command(port)), env=dict(environment), cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _until_ready(port, process, log)
        yield Server(name, port, process)
    finally:
        process.terminate()
        process.wait(20)


def tsugi(port: int) -> list[str]:
    """The command of our service."""
    return [sys.executable, "-m", "serving.launch", "--port", str(port)]


def _a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_ready(port: int, process: psutil.Popen, log: Path) -> None:
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/livez", timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit(f"the server on port {port} did not start: {log.read_text()[-800:]}")


def a_post(path: str, body: object) -> bytes:
    """A request as the bytes on the wire."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {KEY}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def _one_connection(port: int, requests: Sequence[bytes]) -> list[float]:
    """Send requests one after the other over one kept connection; seconds of each that was answered with 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    seconds = []
    for request in requests:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        if b" 200 " in head[:16]:
            seconds.append(time.perf_counter() - started)
    writer.close()
    return seconds


async def _load(port: int, requests: Sequence[bytes], connections: int) -> list[float]:
    shares = [requests[place::connections] for place in range(connections)]
    answered = await asyncio.gather(*(_one_connection(port, share) for share in shares))
    return [seconds for each in answered for seconds in each]


def measure(server: Server, requests: Sequence[bytes], connections: int) -> None:
    """Send requests over so many connections at once, and add what they took to the server's figures."""
    cpu, started = server.cpu_seconds(), time.perf_counter()
    seconds = asyncio.run(_load(server.port, requests, connections))
    server.wall[connections] = server.wall.get(connections, 0.0) + time.perf_counter() - started
    server.cpu[connections] = server.cpu.get(connections, 0.0) + server.cpu_seconds() - cpu
    server.seconds.setdefault(connections, []).extend(seconds)
    server.refused[connections] = server.refused.get(connections, 0) + len(requests) - len(seconds)


def compare(servers: Sequence[Server], make: Callable[[str], bytes], *, each_round: int, rounds: int) -> None:
    """Rounds that alternate between the servers, so that noise of the machine meets all alike; a first one warms up."""
    for number in range(-1, rounds):
        for connections in CONNECTIONS:
            for server in servers:
                name = f"{server.name}-{number}-{connections}"
                measure(server, [make(f"{name}-{place}") for place in range(each_round)], connections)
        if number < 0:
            for server in servers:
                server.forget()


def figures(server: Server, connections: int) -> dict[str, Cell]:
    """What a server's requests took. Raises `SystemExit` where none was answered."""
    seconds, refused = sorted(server.seconds[connections]), server.refused[connections]
    n = len(seconds)
    if not n:
        raise SystemExit(f"{server.name} answered none of {refused} requests with 200")
    return {
        "server": server.name,
        "connections": connections,
        "requests": n,
        "refused": refused,
        "p50 ms": statistics.median(seconds) * 1e3,
        "p99 ms": seconds[int(n * 0.99)] * 1e3,
        "requests per s": n / server.wall[connections],
        "CPU µs per request": server.cpu[connections] / n * 1e6,
    }
