"""Row 47 of the reliability list: the features that served are those that training computes, 10,000 decisions long."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.history import History
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from pipelines.ingest import load
from pipelines.live import LiveTime
from pipelines.monitoring.serving_skew import serving_skew
from pipelines.simulate import a_year_ago, world_of, write_history
from training.monitoring.served import read_served

BANK = Path(__file__).parents[2] / "examples" / "bank"
N_CUSTOMERS = 2_000
N_DECISIONS = 11_000
SAMPLE = 10_000


@pytest.mark.reliability
@pytest.mark.slow
def test_of_10_000_decisions_at_least_999_in_1000_feature_values_equal_their_recomputation(tmp_path):
    workspace = Path(shutil.copytree(BANK, tmp_path / "bank", ignore=shutil.ignore_patterns("__pycache__", ".tsugi")))
    opens = a_year_ago(datetime.now(UTC))
    world = world_of(workspace, n_customers=N_CUSTOMERS, n_live_decisions=N_DECISIONS, seed=11, starts_at=opens)
    clock = SimulatedClock(world.opens_at)
    path, _ = write_history(world, tmp_path / "incoming")
    with compose(tmp_path / "home", workspace, clock=clock) as composition:
        load(composition, path, received_at=clock(), source="history")
        History(composition.home.history, composition.features).catch_up(composition.ledger)
        made = 0
        for n in LiveTime(world, composition, clock).run(world.opens_at + timedelta(days=400)):
            made += n
            if made >= SAMPLE:
                break
        served = read_served(composition.ledger, composition.features.names, since=world.opens_at, until=clock())
        skew = serving_skew(composition, served, sample=SAMPLE)
    print(f"{skew.n_decisions:,} decisions, {skew.n_values:,} values, equal {skew.equal:.6f}, {skew.differing}")
    assert skew.n_decisions == SAMPLE
    assert skew.equal >= 0.999, skew.differing
