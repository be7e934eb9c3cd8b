"""A small generated bank after its first weeks: history ingested, decisions made, nothing learned yet."""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from features.history import History
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from pipelines.ingest import load
from pipelines.live import LiveTime
from pipelines.simulate import world_of, write_history

BANK = Path(__file__).parents[2] / "examples" / "bank"
N_CUSTOMERS = 1_500
N_DECISIONS = 5_000
FIRST_WEEKS = timedelta(days=37)
OPENS = datetime(2025, 11, 27, tzinfo=UTC)
"""Always the same weeks: what is learned of them, and so what the gate says, is no matter of the day of a test."""


@dataclass
class Business:
    """A workspace, its home, the world it serves, and what was decided so far."""

    workspace: Path
    home: Path
    world: object
    clock: SimulatedClock
    live: LiveTime
    n_events: int = 0
    receipts: list = field(default_factory=list)
    decisions: list = field(default_factory=list)

    def keep(self, decision, _truth):
        self.decisions.append(decision)


def a_bank(folder: Path) -> Path:
    """The example's workspace, with two trials a model."""
    workspace = Path(shutil.copytree(BANK, folder / "bank", ignore=shutil.ignore_patterns("__pycache__", ".tsugi")))
    settings = workspace / "tsugi.toml"
    settings.write_text(settings.read_text().replace("trials = 20", "trials = 2"))
    return workspace


def a_part_of(path: Path) -> Path:
    """The first thousand lines again, as a sender repeats them that got no answer."""
    part = path.with_name("again.jsonl")
    with path.open() as lines:
        part.write_text("".join(islice(lines, 1000)))
    return part


@pytest.fixture(scope="package")
def business(tmp_path_factory):
    folder = tmp_path_factory.mktemp("business")
    workspace = a_bank(folder)
    world = world_of(workspace, n_customers=N_CUSTOMERS, n_live_decisions=N_DECISIONS, seed=7, starts_at=OPENS)
    made = Business(workspace, folder / "home", world, SimulatedClock(world.opens_at), live=None)
    path, made.n_events = write_history(world, folder / "incoming")
    with compose(made.home, workspace, clock=made.clock) as composition:
        for file in (path, a_part_of(path)):
            made.receipts.append(load(composition, file, received_at=made.clock(), source="history"))
        History(composition.home.history, composition.features).catch_up(composition.ledger)
        made.live = LiveTime(world, composition, made.clock, made.keep)
        for _ in made.live.run(world.opens_at + FIRST_WEEKS):
            pass
    return made
