"""How fast events come in: from a file through ledger, identity and features, and one by one over HTTP."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.generated_events import OPENS, YEAR, an_event, lines
from benchmarks.http_load import CONNECTIONS, KEY, Server, a_post, figures, measure, serving, tsugi
from benchmarks.offers_workspace import offers_workspace
from benchmarks.report import Cell, Report, spent
from features.history import History
from pipelines.composition import Composition, compose
from pipelines.ingest import load

AT_ONCE = 100
"""Events of a batch over HTTP."""


def run(*, quick: bool) -> Report:
    """A file into an empty home, then events over HTTP into a running service."""
    events, requests = (10_000, 100) if quick else (300_000, 2_000)
    with TemporaryDirectory() as name:
        folder = Path(name)
        workspace = offers_workspace(folder)
        rows = _from_file(folder, workspace, events)
        with _service(folder, workspace) as server:
            for connections in CONNECTIONS:
                rows += [_over_http(server, connections, requests, 1)]
            rows += [_over_http(server, 1, requests // 20, AT_ONCE)]
    return Report(
        "Generated events of a year, one in ten anonymous. A file is checked, written durably, linked to customers, "
        "then applied to feature history and online store; over HTTP an event is in the features before it is "
        "acknowledged. CPU is that of the process that takes them in.",
        rows,
    )


def _from_file(folder: Path, workspace: Path, n: int) -> list[dict[str, Cell]]:
    file = folder / "events.jsonl"
    file.write_bytes(b"\n".join(lines(n, n // 50)))
    with compose(folder / "loaded", workspace) as composition:
        received_at = OPENS + YEAR
        loaded = spent(lambda: load(composition, file, received_at=received_at, source="file", catch_up=False))
        shown = spent(lambda: _show(composition))
    rows = {"file → ledger, identity": (loaded,), "→ features": (shown,), "file to features": (loaded, shown)}
    return [
        _row(name, n, sum(part.wall for part in parts), sum(part.cpu for part in parts)) for name, parts in rows.items()
    ]


def _show(composition: Composition) -> None:
    """Write the feature history, and start the online store from it."""
    History(composition.home.history, composition.features).catch_up(composition.ledger)
    composition.projection.catch_up()


@contextmanager
def _service(folder: Path, workspace: Path) -> Iterator[Server]:
    environment = {
        **os.environ,
        "TSUGI_HOME": str(folder / "served"),
        "TSUGI_WORKSPACE": str(workspace),
        "TSUGI_API_KEYS": KEY,
    }
    with serving("Tsugi", tsugi, environment=environment, folder=folder) as server:
        server.post("/v1/events", {"batch": [_event("warm")]})
        yield server


def _event(name: str) -> dict[str, object]:
    return an_event(f"live-{name}", datetime.now(UTC), 1_000, Random(name))  # noqa: S311 - generated data, seeded


def _over_http(server: Server, connections: int, requests: int, at_once: int) -> dict[str, Cell]:
    """Events over HTTP: each in a request of its own, or so many at once."""
    server.forget()
    names = [f"{connections}-{at_once}-{number}" for number in range(requests)]
    measure(server, [_body(name, at_once) for name in names], connections)
    found, n = figures(server, connections), requests * at_once
    what = "one event a request" if at_once == 1 else f"{at_once} events a request"
    took = _row(f"HTTP, {what}, {connections} connections", n, server.wall[connections], server.cpu[connections])
    return took | {"p50 ms": found["p50 ms"], "p99 ms": found["p99 ms"]}


def _body(name: str, at_once: int) -> bytes:
    return a_post("/v1/events", {"batch": [_event(f"{name}-{place}") for place in range(at_once)]})


def _row(way: str, n: int, wall: float, cpu: float) -> dict[str, Cell]:
    per_event = cpu / n * 1e6
    return {
        "way": way,
        "events": n,
        "events per s": n / wall,
        "CPU µs per event": per_event,
        "p50 ms": "",
        "p99 ms": "",
    }
