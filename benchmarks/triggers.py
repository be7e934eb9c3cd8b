"""`tsugi triggers`: how long everybody is looked at, and how soon messages reach a system that takes its time."""

import base64
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from benchmarks.batch_home import PLACEMENT, outbound_workspace, populate
from benchmarks.report import Cell, Report
from features.webhook import SECRET
from pipelines.composition import compose
from pipelines.trigger.round import Round
from pipelines.triggers import Pace, follow_triggers

CASES = {"true of nobody": (20_000, "orders > 1000"), "true of everybody": (2_000, "orders >= 0")}
"""How many customers there are, and the condition of the one trigger."""
ANSWER_SECONDS = 0.05
"""That the channel's system takes for a message."""


class Receiver(BaseHTTPRequestHandler):
    """A channel's system that takes its time."""

    def do_POST(self) -> None:
        """Take a message in."""
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(ANSWER_SECONDS)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: messages are counted by who sends them."""


@dataclass
class Rounds:
    """When each round that was told of ended, and what it came to."""

    ends: list[float] = field(default_factory=lambda: [time.perf_counter()])
    decided: int = 0
    delivered: int = 0

    def hear(self, each: Round) -> None:
        """A round is over."""
        self.ends.append(time.perf_counter())
        self.decided += each.tally.fired + each.tally.no_action
        self.delivered += each.delivered


def run(*, quick: bool) -> Report:
    """Follow one trigger until nothing is left to do."""
    with receiver() as url:
        rows = [
            _row(name, customers // 20 if quick else customers, text, url) for name, (customers, text) in CASES.items()
        ]
    return Report(
        "`tsugi triggers --once`: one trigger that a condition alone makes, a capacity for a quarter of the customers; "
        f"the channel's system takes {ANSWER_SECONDS * 1000:.0f} ms for a message. Between two rounds everything else "
        "has its turn: no moment waits longer than the longest of them.",
        rows,
    )


@contextmanager
def receiver() -> Iterator[str]:
    """A channel's system; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    os.environ[f"{SECRET}EMAIL"] = base64.b64encode(bytes(24)).decode()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _row(name: str, customers: int, condition: str, url: str) -> dict[str, Cell]:
    with TemporaryDirectory() as folder:
        workspace = _workspace(Path(folder), customers, condition, url)
        with compose(Path(folder) / "home", workspace) as composition:
            populate(composition, customers)
        cpu, rounds = time.process_time(), Rounds()
        follow_triggers(Path(folder) / "home", workspace, Pace(once=True), say=rounds.hear)
        cpu = time.process_time() - cpu
    lasted = [end - start for start, end in zip(rounds.ends, rounds.ends[1:], strict=False)]
    return {
        "condition": name,
        "customers": customers,
        "seconds": sum(lasted),
        "CPU seconds": cpu,
        "rounds": len(lasted),
        "longest round, s": max(lasted),
        "decided": rounds.decided,
        "messages that arrived": rounds.delivered,
    }


def _workspace(folder: Path, customers: int, condition: str, url: str) -> Path:
    workspace = outbound_workspace(folder, customers=customers)
    path, settings = workspace / "catalog.yaml", workspace / "tsugi.toml"
    often = {"condition": condition, "again_after_days": 30, "placement": PLACEMENT}
    path.write_text(json.dumps({**json.loads(path.read_text()), "triggers": {"often": often}}))
    settings.write_text(f'{settings.read_text()}\n[webhooks.email]\nurl = "{url}"\n')
    return workspace
