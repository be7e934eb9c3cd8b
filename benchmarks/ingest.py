"""How fast events come in: from a file through ledger, identity and features, and one by one over HTTP."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.generated_events import OPENS, YEAR, an_event, lines
from benchmarks.http_load import CONNECTIONS, KEY, Server, a_post, figures, measure, serving, tsugi
from benchmarks.offers_workspace import offers_workspace
from benchmarks.report import Cell, Report, Spent, spent
from features.history import History
from features.intake import Intake
from pipelines.composition import Composition, compose
from pipelines.ingest import load
from serving.strict_json import parse

AT_ONCE = (100, 1_000)
"""Events of a batch: what a Segment library sends as it comes, and nearly the 500 KB that it may send."""
_ROUNDS = 3
"""Batches of each size are sent in so many turns, so that a busy moment meets all of them."""


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
            for connections in CONNECTIONS:
                rows += _batches(server, connections, requests * 10)
        rows += _in_process(folder, workspace, requests * 10)
    return Report(
        "Generated events of a year, one in ten anonymous. A file is checked, written durably, linked to customers, "
        "then applied to feature history and online store; over HTTP an event is in the features before it is "
        "acknowledged. CPU is that of the process that takes them in, with its children; a core is a second of it. The "
        "last rows are where it goes, in process.",
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
    _send(server, connections, [f"{connections}-{at_once}-{number}" for number in range(requests)], at_once)
    return _measured(server, connections, requests * at_once, at_once)


def _batches(server: Server, connections: int, events: int) -> list[dict[str, Cell]]:
    """Batches of each size, in turns."""
    turns = {at_once: max(events // _ROUNDS // at_once, connections) for at_once in AT_ONCE}
    servers = {at_once: replace(server, seconds={}, refused={}, cpu={}, wall={}) for at_once in AT_ONCE}
    for turn in range(-1, _ROUNDS):
        for at_once, n in turns.items():
            names = [f"batch-{connections}-{turn}-{number}" for number in range(n)]
            _send(servers[at_once], connections, names, at_once)
            if turn < 0:
                servers[at_once].forget()
    return [_measured(servers[at_once], connections, _ROUNDS * n * at_once, at_once) for at_once, n in turns.items()]


def _send(server: Server, connections: int, names: Sequence[str], at_once: int) -> None:
    measure(server, [_body(name, at_once) for name in names], connections)


def _measured(server: Server, connections: int, n: int, at_once: int) -> dict[str, Cell]:
    found = figures(server, connections)
    what = "one event a request" if at_once == 1 else f"{at_once:,} events a request"
    took = _row(f"HTTP, {what}, {connections} connections", n, server.wall[connections], server.cpu[connections])
    return took | {"p50 ms": found["p50 ms"], "p99 ms": found["p99 ms"]}


def _body(name: str, at_once: int) -> bytes:
    return a_post("/v1/events", {"batch": [_event(f"{name}-{place}") for place in range(at_once)]})


def _in_process(folder: Path, workspace: Path, events: int) -> list[dict[str, Cell]]:
    """What batches of the first size cost, step by step."""
    bodies = [_body(f"own-{nth}", AT_ONCE[0]).partition(b"\r\n\r\n")[2] for nth in range(events // AT_ONCE[0])]
    with compose(folder / "own", workspace) as composition:
        intake = Intake(composition.ledger, rules=composition.workspace.identity)
        steps: dict[str, list[Spent]] = {"the request read": [], "checked, ledger, identity": [], "online features": []}
        for body in bodies:
            for name, took in zip(steps, _steps(body, intake, composition), strict=True):
                steps[name].append(took)
        intake.close()
    return [
        _row(f"of it, {name}", events, sum(each.wall for each in took), sum(each.cpu for each in took))
        for name, took in steps.items()
    ]


def _steps(body: bytes, intake: Intake, composition: Composition) -> tuple[Spent, Spent, Spent]:
    read: list[dict[str, list[dict[str, object]]]] = []
    return (
        spent(lambda: read.append(parse(body, in_place=True))),  # type: ignore[arg-type] # our own bodies
        spent(lambda: intake.accept(read[0]["batch"], received_at=datetime.now(UTC))),
        spent(composition.projection.catch_up),
    )


def _row(way: str, n: int, wall: float, cpu: float) -> dict[str, Cell]:
    return {
        "way": way,
        "events": n,
        "events per s": n / wall,
        "CPU µs per event": cpu / n * 1e6,
        "events per s and core": n / cpu if cpu else "",
        "p50 ms": "",
        "p99 ms": "",
    }
