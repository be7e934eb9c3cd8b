"""What one decision over HTTP costs, next to a bare BentoML endpoint with an answer of the same size.

All servers run at the same time and take turns. The bare endpoint is BentoML's typed asynchronous API at its defaults.
CPU is that of the server's processes.
"""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

from benchmarks.grown import N_LEAVES, N_TREES, write_grown
from benchmarks.http_load import CONNECTIONS, KEY, Server, a_post, compare, figures, serving, tsugi
from benchmarks.offers_workspace import FEATURES, PLACEMENT, offers_workspace
from benchmarks.report import Cell, Report
from training.publication import publish

CUSTOMERS = 1_000
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


def run(*, quick: bool) -> Report:
    """Decide with a LightGBM bundle, before the first bundle, and not at all (the bare endpoint)."""
    each_round, rounds = (40, 2) if quick else (200, 8)
    with TemporaryDirectory() as name, ExitStack() as servers:
        folder = Path(name)
        workspace = offers_workspace(folder, features=FEATURES)
        _with_bundle(workspace, folder / "with", folder, quick=quick)
        found = [
            servers.enter_context(_ours("Tsugi with a LightGBM bundle", workspace, folder / "with", folder)),
            servers.enter_context(_ours("Tsugi before the first bundle", workspace, folder / "without", folder)),
        ]
        for server in found:
            _with_customers(server)
        answer = json.loads(found[0].post("/v1/decisions", _ask("size")))
        found.append(servers.enter_context(_bare(answer, folder)))
        compare(found, _request, each_round=each_round, rounds=rounds)
    return Report(
        f"50 actions with 3 conditions each, {CUSTOMERS:,} customers, lists of {len(answer['ranked'])} "
        f"({len(json.dumps(answer)):,} bytes), one worker, every decision durable before its answer; a logistic "
        f"regression and {N_TREES} trees of {N_LEAVES} leaves over {FEATURES} features. "
        "The bare endpoint is BentoML's typed asynchronous API at its defaults and returns a body of the same size.",
        [_row(server, found[-1], connections) for connections in CONNECTIONS for server in found],
    )


def _with_bundle(workspace: Path, home: Path, folder: Path, *, quick: bool) -> None:
    write_grown(workspace, folder / "bundle", placement=PLACEMENT, decisions=4_000 if quick else 16_000)
    publish(folder / "bundle", home)


def _ours(name: str, workspace: Path, home: Path, folder: Path) -> AbstractContextManager[Server]:
    environment = {
        **os.environ,
        "TSUGI_HOME": str(home),
        "TSUGI_WORKSPACE": str(workspace),
        "TSUGI_API_KEYS": KEY,
        "OMP_NUM_THREADS": "1",
    }
    return serving(name, tsugi, environment=environment, folder=folder)


def _bare(answer: object, folder: Path) -> AbstractContextManager[Server]:
    (folder / "bare.py").write_text(BARE.format(answer=answer))
    environment = {**os.environ, "BENTOML_DO_NOT_TRACK": "True"}
    return serving("bare BentoML", _bare_command, environment=environment, folder=folder)


def _bare_command(port: int) -> Sequence[str]:
    return [sys.executable, "-m", "bentoml", "serve", "bare:Bare", "--port", str(port), "--host", "127.0.0.1"]


def _with_customers(server: Server) -> None:
    for start in range(0, CUSTOMERS, 100):
        events = [event for customer in range(start, start + 100) for event in _history(customer)]
        server.post("/v1/events", {"batch": events})


def _history(customer: int) -> list[dict[str, object]]:
    who: dict[str, object] = {"userId": f"u-{customer}"}
    view: dict[str, object] = {"type": "track", "event": "Product Viewed", "properties": {"product": "tea"}}
    return [
        {"type": "identify", "messageId": f"i-{customer}", "traits": {"age": 20 + customer % 60}} | who,
        view | {"messageId": f"v-{customer}"} | who,
    ]


def _ask(name: str) -> dict[str, object]:
    return {
        "request_id": f"bench-{name}",
        "customer": {"user_id": f"u-{crc32(name.encode()) % CUSTOMERS}"},
        "placement": PLACEMENT,
        "context": {"intent": "browse"},
    }


def _request(name: str) -> bytes:
    return a_post("/v1/decisions", _ask(name))


def _row(server: Server, bare: Server, connections: int) -> dict[str, Cell]:
    mine, theirs = figures(server, connections), figures(bare, connections)
    return mine | {"CPU, × bare": float(mine["CPU µs per request"]) / float(theirs["CPU µs per request"])}
