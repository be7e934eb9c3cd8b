"""Writes the history of a generated business as files that any Segment-spec sender could have sent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from decisioning.errors import InvalidInputError
from features.workspace import Workspace
from pipelines.world import World
from pipelines.world_source import load_world

HISTORY = "history.jsonl"
LINES_AT_ONCE = 20_000


def world_of(workspace: Path, **options: Any) -> World:
    """The generated business that a workspace's `[simulation] source` makes.

    Raises `InvalidInputError` where the workspace has none.
    """
    settings = Workspace.load(workspace)
    if settings.world_path is None:
        raise InvalidInputError(f"{workspace / 'tsugi.toml'} has no [simulation] source: nothing to simulate")
    stated = settings.simulation.options if settings.simulation else {}
    return load_world(settings.world_path, **{**stated, **options})


def a_year_ago(now: datetime) -> datetime:
    """The midnight (UTC) a year before the last one: a world of 365 days that starts then ends today."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=365)


def simulate_history(workspace: Path, out: Path, *, n_customers: int, seed: int) -> tuple[Path, int]:
    """Write every event before the world opens to `out/history.jsonl`; returns the path and the number of events."""
    world = world_of(workspace, n_customers=n_customers, seed=seed)
    return write_history(world, out)


def write_history(world: World, out: Path, *, progress: Callable[[int], object] = lambda _: None) -> tuple[Path, int]:
    """Write a world's history as JSON Lines; `progress` is told the number of events after every block."""
    out.mkdir(parents=True, exist_ok=True)
    path, n_events, block = out / HISTORY, 0, []
    with path.open("wb") as file:
        for event in world.history():
            block.append(orjson.dumps(event))
            n_events += 1
            if len(block) == LINES_AT_ONCE:
                file.write(b"\n".join(block) + b"\n")
                block.clear()
                progress(n_events)
        file.write(b"".join(line + b"\n" for line in block))
    return path, n_events
