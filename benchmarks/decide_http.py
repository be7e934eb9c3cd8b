"""What one decision over HTTP costs, next to a bare BentoML endpoint with an answer of the same size.

    python benchmarks/decide_http.py [--requests 2000] [--home HOME --workspace WORKSPACE] [--json]

Both servers run at the same time; rounds alternate between them, so that noise of the machine meets both alike. Without
`--home` a generated workspace is served: 50 actions with three conditions each, 500 customers with a few events, no
bundle. The bare endpoint is BentoML's typed asynchronous API at its defaults. CPU is that of the server's processes.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import httpx
import psutil

KEY = "benchmark"
ROUNDS = 6
BARE = """
import bentoml
from pydantic import BaseModel

ANSWER = {answer!r}

class Ask(BaseModel):
    request_id: str
    customer: dict[str, str]
    placement: str
    context: dict[str, str] = {{}}

@bentoml.service(name="bare", workers=1)
class Bare:
    @bentoml.api(route="/v1/decisions")
    async def decide(self, ask: Ask, /) -> dict:
        return ANSWER
"""


@dataclass
class Server:
    """One server under measurement: seconds of every request, CPU and wall seconds, by number of connections."""

    name: str
    port: int
    process: psutil.Popen
    seconds: dict[int, list[float]] = field(default_factory=dict)
    cpu: dict[int, float] = field(default_factory=dict)
    wall: dict[int, float] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """CPU of the process and its children so far."""
        everyone = [self.process, *self.process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:2]) for each in everyone)


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(name: str, command: list[str], port: int, environment: dict[str, str], folder: Path) -> Iterator[Server]:
    with (folder / f"{name}.log").open("w") as log:
        process = psutil.Popen(command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        until_ready(port, process, folder / f"{name}.log")
        yield Server(name, port, process)
    finally:
        process.terminate()
        process.wait(20)


def until_ready(port: int, process: psutil.Popen, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/livez", timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit(f"the server on port {port} did not start: {log.read_text()[-800:]}")


def a_workspace(folder: Path) -> Path:
    """A generated workspace of the size of the design's figures."""
    workspace = folder / "workspace"
    workspace.mkdir()
    (workspace / "tsugi.toml").write_text('[workspace]\nname = "benchmark"\n')
    (workspace / "features.yaml").write_text(
        "features:\n  - {name: age, view: profile, primitive: trait, trait: age, kind: number, description: age}\n"
    )
    actions = {
        f"offer_{n:02}": {
            "issue": "grow", "group": f"group_{n % 7}", "value": 10 + n, "eligibility": f"age >= {n % 20}",
            "applicability": f"product_views_7d >= 0 OR orders < {n}",
            "suitability": "open_tickets = 0 OR last_nps > 3",
            "starting": {"propensity": 0.02 + n / 1000, "evidence": 100}, "treatments": {"banner": {"channel": "web"}},
        }
        for n in range(50)
    }  # fmt: skip
    catalog = {
        "currency": "EUR",
        "channels": {"web": {}},
        "placements": {"web_home": {"channel": "web", "limit": 10}},
        "actions": actions,
        "contact_policy": {"caps": [{"scope": "customer", "at_most": 100_000, "within_days": 1}]},
    }
    (workspace / "catalog.yaml").write_text(json.dumps(catalog))
    return workspace


def with_customers(port: int, n: int) -> None:
    now = datetime.now(UTC).isoformat()
    for start in range(0, n, 100):
        events = [
            {"type": "identify", "messageId": f"i-{u}", "userId": f"u-{u}", "timestamp": now,
             "traits": {"age": 20 + u % 60}}
            for u in range(start, start + 100)
        ] + [
            {"type": "track", "event": "Product Viewed", "messageId": f"v-{u}", "userId": f"u-{u}", "timestamp": now,
             "properties": {"product": "tea"}}
            for u in range(start, start + 100)
        ]  # fmt: skip
        post(port, "/v1/events", {"batch": events})


def post(port: int, path: str, body: object) -> bytes:
    answer = httpx.post(
        f"http://127.0.0.1:{port}{path}", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=30
    )
    answer.raise_for_status()
    return answer.content


def a_request(n: str, placement: str, user: str) -> bytes:
    body = json.dumps(
        {
            "request_id": f"bench-{n}",
            "customer": {"user_id": user},
            "placement": placement,
            "context": {"intent": "browse"},
        }
    ).encode()
    head = (
        f"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def one_connection(port: int, requests: Sequence[bytes]) -> list[float]:
    """Send requests one after the other over one kept connection; seconds of each."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    seconds = []
    for request in requests:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        if b" 200 " not in head[:16]:
            raise SystemExit(f"not answered: {head[:60]!r}")
        seconds.append(time.perf_counter() - started)
    writer.close()
    return seconds


async def load(port: int, requests: Sequence[bytes], connections: int) -> list[float]:
    shares = [requests[place::connections] for place in range(connections)]
    answered = await asyncio.gather(*(one_connection(port, share) for share in shares))
    return [seconds for each in answered for seconds in each]


def measure(server: Server, requests: Sequence[bytes], connections: int) -> None:
    cpu, started = server.cpu_seconds(), time.perf_counter()
    seconds = asyncio.run(load(server.port, requests, connections))
    server.wall[connections] = server.wall.get(connections, 0.0) + time.perf_counter() - started
    server.cpu[connections] = server.cpu.get(connections, 0.0) + server.cpu_seconds() - cpu
    server.seconds.setdefault(connections, []).extend(seconds)


def result(server: Server, connections: int) -> dict[str, float | int | str]:
    seconds = sorted(server.seconds[connections])
    n = len(seconds)
    return {
        "server": server.name,
        "connections": connections,
        "requests": n,
        "p50_ms": round(statistics.median(seconds) * 1e3, 3),
        "p99_ms": round(seconds[int(n * 0.99)] * 1e3, 3),
        "requests_per_second": round(n / server.wall[connections], 1),
        "cpu_us_per_request": round(server.cpu[connections] / n * 1e6, 1),
    }


def compare(servers: Sequence[Server], make: Callable[[str], bytes], n: int) -> list[dict[str, float | int | str]]:
    """Rounds that alternate between the servers, at 1 and at 8 connections."""
    for round_number in range(-1, ROUNDS):
        for connections in (1, 8):
            for server in servers:
                name = f"{server.name}-{round_number}-{connections}"
                requests = [make(f"{name}-{place}") for place in range(n // ROUNDS)]
                measure(server, requests, connections)
        if round_number < 0:  # the first round warms up
            for server in servers:
                server.seconds, server.cpu, server.wall = {}, {}, {}
    return [result(server, connections) for connections in (1, 8) for server in servers]


def show(results: Sequence[dict[str, float | int | str]]) -> None:
    names = list(results[0])
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for each in results:
        print("| " + " | ".join(str(each[name]) for name in names) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1800, help="per server and number of connections")
    parser.add_argument("--home", type=Path, help="a home that exists, such as the demo's")
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--placement", default="web_home")
    parser.add_argument("--user", default="u-{n}", help="user ids to ask for; {n} runs from 0 to 499")
    parser.add_argument("--json", action="store_true", help="print JSON only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = options.workspace or a_workspace(folder)
        environment = {
            **os.environ,
            "TSUGI_HOME": str((options.home or folder / "home").absolute()),
            "TSUGI_WORKSPACE": str(workspace.absolute()),
            "TSUGI_API_KEYS": KEY,
            "OMP_NUM_THREADS": "1",
        }
        port, bare_port = a_free_port(), a_free_port()
        ours = [sys.executable, "-m", "serving.launch", "--port", str(port)]
        with serving("tsugi", ours, port, environment, folder) as tsugi:
            if options.home is None:
                with_customers(port, 500)

            def make(name: str) -> bytes:
                return a_request(name, options.placement, options.user.format(n=crc32(name.encode()) % 500))

            answer = json.loads(post(port, "/v1/decisions", json.loads(make("size").split(b"\r\n\r\n")[1])))
            (folder / "bare.py").write_text(BARE.format(answer=answer))
            theirs = [
                sys.executable,
                "-m",
                "bentoml",
                "serve",
                "bare:Bare",
                "--port",
                str(bare_port),
                "--host",
                "127.0.0.1",
            ]
            with serving("bare", theirs, bare_port, {**os.environ, "BENTOML_DO_NOT_TRACK": "True"}, folder) as bare:
                results = compare((tsugi, bare), make, options.requests)
    if not options.json:
        print(f"answer: {len(json.dumps(answer))} bytes, {len(answer['ranked'])} ranked actions\n")
        show(results)
    print(json.dumps({"benchmark": "decide_http", "answer_bytes": len(json.dumps(answer)), "results": results}))


if __name__ == "__main__":
    main()
