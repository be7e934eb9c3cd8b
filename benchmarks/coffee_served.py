"""The coffee workspace, served: every one of its customers is asked for over HTTP, in the wave and in the app.

The home is made as `docs/coffee.md` says (`tsugi demo`), then the service answers for everybody.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.http_load import KEY, Server, serving, tsugi
from benchmarks.identity_data import data_folder
from benchmarks.report import Cell, Report
from pipelines.composition import compose

WORKSPACE = Path("examples/coffee")
PLACEMENTS = ("offer_wave", "app_home")
ERRORS = "answers other than 200"


def run(*, quick: bool) -> Report:
    """Make the home, serve it, ask for everybody."""
    with TemporaryDirectory() as name:
        home = Path(name) / "home"
        _made(home)
        customers = _customers(home)[: 200 if quick else None]
        settings = {"TSUGI_HOME": str(home), "TSUGI_WORKSPACE": str(WORKSPACE.absolute()), "TSUGI_API_KEYS": KEY}
        with serving("coffee", tsugi, environment={**os.environ, **settings}, folder=Path(name)) as server:
            rows = [_asked(server, placement, customers) for placement in PLACEMENTS]
    about = "Every customer of the coffee workspace asked for once per placement, one connection, one worker."
    return Report(about, rows)


def _made(home: Path) -> None:
    data = ["--data", str(data_folder() / "starbucks-offers"), "--home", str(home)]
    command = [sys.executable, "-m", "pipelines", "demo", "--workspace", str(WORKSPACE), *data]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _customers(home: Path) -> list[str]:
    with compose(home, WORKSPACE) as composition:
        return composition.population().ids("", sys.maxsize)


def _asked(server: Server, placement: str, customers: list[str]) -> dict[str, Cell]:
    chosen, reasons, seconds, cpu = Counter[str](), Counter[str](), [], server.cpu_seconds()
    for taken, name, degraded in _answers(server, placement, customers):
        chosen[name] += 1
        reasons.update(degraded)
        seconds.append(taken)
    return {
        "placement": placement,
        "customers": len(customers),
        ERRORS: chosen[ERRORS],
        "degraded": ", ".join(f"{reason} {n}" for reason, n in reasons.items()) or "none",
        "with an action": sum(n for name, n in chosen.items() if name not in (ERRORS, "no_action")),
        "chosen most": ", ".join(f"{name} {n:,}" for name, n in chosen.most_common(3)),
        "p50 ms": statistics.median(seconds) * 1e3,
        "CPU ms per decision": (server.cpu_seconds() - cpu) / len(customers) * 1e3,
    }


def _answers(server: Server, placement: str, customers: list[str]) -> Iterator[tuple[float, str, list[str]]]:
    """Seconds, what was chosen and what was degraded, of every customer."""
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=30) as client:
        for customer_id in customers:
            ask = {"request_id": f"{placement}-{customer_id}", "customer": {"customer_id": customer_id}}
            began = time.perf_counter()
            answer = client.post("/v1/decisions", json={**ask, "placement": placement})
            taken = time.perf_counter() - began
            told = json.loads(answer.content) if answer.status_code == 200 else {}
            yield taken, str(told.get("chosen", ERRORS)), list(told.get("degraded_reasons", ()))
