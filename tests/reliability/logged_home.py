"""A home whose log was decided by chance, small enough that `tsugi retrain` takes seconds, and good enough to pass."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.decided_home import write_log
from decisioning.action import NO_ACTION
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from training.artifact import write_bundle
from training.constant import ConstantBundle, ConstantEntry
from training.dataset import DecisionLogFrame
from training.publication import publish

BEGINS = datetime(2026, 1, 5, tzinfo=UTC)
AS_OF = BEGINS + timedelta(days=60)
ACTIONS = ("card", "loan", NO_ACTION)
N, N_CUSTOMERS, N_FEATURES = 3_000, 1_500, 4
EVERY_US = 600_000_000
"""Ten minutes from one decision to the next."""

TOML = """\
[workspace]
name = "logged"
[goal]
window_days = 14
until_next_decision = true
reward_cap = 200.0
[[goal.rewards]]
event = "Order Completed"
amount = "margin"
[training]
trials = 2
seed = 7
"""
CATALOG = """\
currency: EUR
purposes: {marketing: {consent: false}}
channels: {web: {consent: opt_out}}
placements: {web_home: {channel: web, limit: 1}}
exploration: {epsilon: 0.1, epsilon_without_bundle: 1.0}
actions:
  card: {issue: grow, group: cards, value: 50, conversion: {event: Order Completed, where: {product: card}},
    treatments: {banner: {channel: web}}}
  loan: {issue: grow, group: loans, value: 50, conversion: {event: Order Completed, where: {product: loan}},
    treatments: {banner: {channel: web}}}
"""


def a_workspace(folder: Path) -> Path:
    folder.mkdir()
    features = [
        f"  - {{name: x{i}, view: profile, primitive: trait, trait: x{i}, kind: number, description: Number {i}}}"
        for i in range(N_FEATURES)
    ]
    files = {"tsugi.toml": TOML, "catalog.yaml": CATALOG, "features.yaml": "\n".join(["features:", *features, ""])}
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def a_log(*, n: int = N, seed: int = 1, strength: float = 1.0) -> DecisionLogFrame:
    """Who gains from the card loses by the loan: x0 says who, unless `strength` is 0."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, N_FEATURES))
    chosen = rng.integers(0, 3, n)
    wanted = np.column_stack([x[:, 0] > 0, x[:, 0] <= 0])
    chance = np.where(np.arange(2) == chosen[:, None], np.where(wanted, 0.15 + 0.45 * strength, 0.15), 0.05)
    converted = np.hstack([rng.random((n, 2)) < chance, np.zeros((n, 1), dtype=bool)])
    return answered(
        DecisionLogFrame(
            actions=ACTIONS,
            decision_id=np.array([f"d{row}" for row in range(n)], dtype=object),
            customer_id=np.array([f"u{row % N_CUSTOMERS}" for row in range(n)], dtype=object),
            decided_us=int(BEGINS.timestamp() * 1e6) + np.arange(n) * EVERY_US,
            ends_us=np.zeros(n, dtype=np.int64),
            channel=np.full(n, "web", dtype=object),
            placement=np.full(n, "web_home", dtype=object),
            arm=np.full(n, "nba", dtype=object),
            treatment=np.array(["banner", "banner", ""], dtype=object)[chosen],
            chosen=chosen,
            shown=chosen < 2,
            reward=np.zeros(n),
            capped_reward=np.zeros(n),
            accepted=np.zeros(n, dtype=bool),
            eligible_probability=np.full((n, 3), 1 / 3),
            listed=np.arange(3) == chosen[:, None],
            converted=converted,
            features={f"x{i}": x[:, i] for i in range(N_FEATURES)},
        ),
        converted,
    )


def answered(log: DecisionLogFrame, converted: np.ndarray) -> DecisionLogFrame:
    """The log with other conversions (n, n_actions)."""
    return replace(log, converted=converted, accepted=converted[np.arange(len(log)), log.chosen])


def a_home(home: Path, workspace: Path, log: DecisionLogFrame) -> Path:
    """A home with this log and a constant champion."""
    with compose(home, workspace, clock=SimulatedClock(AS_OF)) as composition:
        write_log(composition, log)
    entry = ConstantEntry("card", value=1.0, standard_error=0.1, propensity=0.1, n_chosen=50)
    constant = ConstantBundle("", "any", {"card": entry})
    write_bundle(constant, home.with_name(f"{home.name}-made"), created_at=BEGINS)
    publish(home.with_name(f"{home.name}-made"), home)
    return home


def everything_in(folder: Path) -> dict[str, bytes]:
    """The files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
