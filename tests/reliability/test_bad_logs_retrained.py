"""Row 40 through `tsugi retrain` itself: of ten bad logs none becomes a policy, and the champion is not touched."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from logged_home import AS_OF, N, a_home, a_log, a_workspace, answered, everything_in

from pipelines.champion import champion_bundle
from pipelines.cli import main

DONE, REFUSED, BAD_DATA = 0, 10, 15
LATER = np.arange(N) >= N // 2
"""What judges a candidate; a candidate learns and is chosen on what comes before."""
CHOSEN = 2
"""Columns that can be accepted."""


def flipped(log):
    """What was good is called bad, in the part that teaches."""
    taught = log.converted.copy()
    shown = np.flatnonzero(~LATER & (log.chosen < CHOSEN))
    taught[shown, log.chosen[shown]] ^= True
    return answered(log, taught)


def drifted(log):
    """Later customers come with another unit of what decides, and want the same."""
    return with_feature(log, log.features["x0"] + 6.0 * LATER)


def with_feature(log, values):
    return replace(log, features={**log.features, "x0": values})


def none_accepted(log):
    return answered(log, np.zeros_like(log.converted))


def all_accepted(log):
    return answered(log, (np.arange(3) == log.chosen[:, None]) & (log.chosen < CHOSEN)[:, None])


def leaked(log):
    return with_feature(log, log.accepted.astype(np.float64))


def written_afterwards(log):
    """The money spent, noted among the features with much noise."""
    return with_feature(log, log.accepted * 50.0 + np.random.default_rng(1).normal(0.0, 20.0, N))


def tenfold(log):
    """The same noise ten times over is no evidence."""
    noise = a_log(seed=3, strength=0.0).take(np.repeat(np.arange(0, N, 10), 10))
    return replace(noise, decision_id=log.decision_id)


def flood(log):
    """Ten times the volume, and more, at the end."""
    gaps = np.where(np.arange(N) >= 0.7 * N, 20_000_000, 600_000_000)
    return replace(log, decided_us=log.decided_us[0] + np.cumsum(gaps))


def false_probabilities(log):
    """One action was favoured for some, and the log says that all were chosen alike."""
    return log.take((log.chosen != 0) | (log.features["x0"] > 0))


BAD = {
    "flipped labels": (flipped, REFUSED, "not shown to be better"),
    "drifted": (drifted, REFUSED, "not shown to be better"),
    "nobody differs": (lambda _: a_log(seed=4, strength=0.0), REFUSED, "not shown to be better"),
    "empty": (lambda log: log.take(slice(0, 0)), BAD_DATA, "0 decisions are over"),
    "none accepted": (none_accepted, BAD_DATA, "none was accepted"),
    "all accepted": (all_accepted, BAD_DATA, "every one was accepted"),
    "leaked column": (leaked, BAD_DATA, "'x0' alone predicts"),
    "written afterwards": (written_afterwards, BAD_DATA, "'x0' depends on what was chosen"),
    "ten times the same": (tenfold, BAD_DATA, "repeat one of the same customer"),
    "ten times the volume": (flood, BAD_DATA, "times as fast as those before"),
    "false probabilities": (false_probabilities, BAD_DATA, "'x0' depends on what was chosen"),
}


@pytest.fixture
def retrain(monkeypatch, capsys):
    """The real command line, in this process; its exit code and what it said."""
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})

    def run(home, workspace):
        words = ["--home", str(home), "--workspace", str(workspace), "--as-of", AS_OF.isoformat()]
        monkeypatch.setattr(sys, "argv", ["tsugi", "retrain", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize("name", BAD)
def test_a_bad_log_is_refused_and_the_champion_not_touched(name, retrain, tmp_path):
    change, code, told = BAD[name]
    workspace = a_workspace(tmp_path / "shop")
    home = a_home(tmp_path / "home", workspace, change(a_log()))
    before = everything_in(home / "bundles")
    ended, said = retrain(home, workspace)
    assert (ended, told in said) == (code, True), said
    assert everything_in(home / "bundles") == before


def test_the_same_log_as_it_should_be_is_learned_from(retrain, tmp_path):
    workspace = a_workspace(tmp_path / "shop")
    home = a_home(tmp_path / "home", workspace, a_log())
    ended, said = retrain(home, workspace)
    assert ended == DONE, said
    assert champion_bundle(home).kind == "model"
