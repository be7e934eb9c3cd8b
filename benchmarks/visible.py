"""Whether an event that was acknowledged is in the next decision, always, and how long both take.

Each customer says in turn that they like tea or coffee; only what they said last may be offered. A pair is one event
and one decision for the same customer, over one kept connection, against the real service.
"""

import asyncio
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.http_load import CONNECTIONS, KEY, Server, a_post, serving, tsugi
from benchmarks.report import Cell, Report

LIKES = ("tea", "coffee")
_CUSTOMERS = 20
"""Customers of each connection."""
_FEATURES = f"""
features:
  - {{name: likes, view: profile, primitive: trait, trait: likes, kind: category, one_of: [{", ".join(LIKES)}],
     description: what they like}}
"""


@dataclass
class Seen:
    """What pairs of requests saw. Parameters: `missed`, pairs whose decision did not know the event before it."""

    missed: int = 0
    refused: int = 0
    event_seconds: list[float] = field(default_factory=list)
    decision_seconds: list[float] = field(default_factory=list)


def run(*, quick: bool) -> Report:
    """Pairs over one connection, then over eight at once."""
    pairs = 100 if quick else 10_000
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = {
            **os.environ,
            "TSUGI_HOME": str(folder / "home"),
            "TSUGI_WORKSPACE": str(tastes_workspace(folder)),
            "TSUGI_API_KEYS": KEY,
        }
        with serving("Tsugi", tsugi, environment=environment, folder=folder) as server:
            see(server.port, "warm", pairs=50, connections=1)
            rows = [_row(server, pairs, connections) for connections in CONNECTIONS]
    return Report(
        "One event (`/v1/events`) and one decision for the same customer in turn: `missed` counts decisions that did "
        "not know an event acknowledged before they were asked for. Every event is synced to disk before its answer.",
        rows,
    )


def tastes_workspace(folder: Path) -> Path:
    """Write a workspace whose two actions are eligible by the last trait `likes`; returns its path."""
    workspace = folder / "workspace"
    workspace.mkdir()
    (workspace / "tsugi.toml").write_text('[workspace]\nname = "benchmark"\n')
    (workspace / "features.yaml").write_text(_FEATURES)
    actions = {like: _action(like) for like in LIKES}
    catalog = {
        "currency": "EUR",
        "channels": {"web": {}},
        "placements": {"home": {"channel": "web", "limit": 2, "must_fill": True}},
        "actions": actions,
    }
    (workspace / "catalog.yaml").write_text(json.dumps(catalog))
    return workspace


def _action(like: str) -> dict[str, object]:
    return {
        "issue": "grow",
        "group": "drinks",
        "value": 10,
        "eligibility": f"likes = '{like}'",
        "starting": {"propensity": 0.1, "evidence": 50},
        "treatments": {"banner": {"channel": "web"}},
    }


def see(port: int, name: str, *, pairs: int, connections: int) -> Seen:
    """Send so many pairs over so many connections at once; `name` tells their ids from those of other calls."""
    seen = Seen()

    async def everybody() -> None:
        shares = [range(place, pairs, connections) for place in range(connections)]
        await asyncio.gather(*(_connection(port, f"{name}-{n}", share, seen) for n, share in enumerate(shares)))

    asyncio.run(everybody())
    return seen


async def _connection(port: int, name: str, numbers: Sequence[int], seen: Seen) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for turn, number in enumerate(numbers):
        customer, like = f"{name}-{turn % _CUSTOMERS}", LIKES[turn // _CUSTOMERS % 2]
        event = {"type": "identify", "messageId": f"{name}-{number}", "userId": customer, "traits": {"likes": like}}
        ask = {"request_id": f"{name}-{number}", "customer": {"user_id": customer}, "placement": "home"}
        told = await _posted(reader, writer, a_post("/v1/events", {"batch": [event]}), seen.event_seconds)
        answer = await _posted(reader, writer, a_post("/v1/decisions", ask), seen.decision_seconds)
        if told is None or answer is None:
            seen.refused += 1
        elif [item["action"] for item in answer["ranked"]] != [like]:
            seen.missed += 1
    writer.close()


async def _posted(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, seconds: list[float]
) -> dict[str, list[dict[str, str]]] | None:
    """The answer to a request; None where it is not 200."""
    began = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
    seconds.append(time.perf_counter() - began)
    found: dict[str, list[dict[str, str]]] = json.loads(body)
    return found if b" 200 " in head[:16] else None


def _row(server: Server, pairs: int, connections: int) -> dict[str, Cell]:
    cpu = server.cpu_seconds()
    seen = see(server.port, f"row-{connections}", pairs=pairs, connections=connections)
    events, decisions = sorted(seen.event_seconds), sorted(seen.decision_seconds)
    return {
        "connections": connections,
        "pairs": pairs,
        "missed": seen.missed,
        "refused": seen.refused,
        "event p50 ms": events[len(events) // 2] * 1e3,
        "event p99 ms": events[int(len(events) * 0.99)] * 1e3,
        "decision p50 ms": decisions[len(decisions) // 2] * 1e3,
        "decision p99 ms": decisions[int(len(decisions) * 0.99)] * 1e3,
        "CPU µs per pair": (server.cpu_seconds() - cpu) / pairs * 1e6,
    }
