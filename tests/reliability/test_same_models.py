"""Row 42: the same data, seed and threads give the same models, to the byte, whatever else the machine is doing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from logged_home import AS_OF, a_home, a_log, a_workspace

from training.manifest import champion_path

ROOT = Path(__file__).parents[2]
RUNS = 5


def started(home, workspace):
    words = ["--home", str(home), "--workspace", str(workspace), "--as-of", AS_OF.isoformat()]
    command = [sys.executable, "-m", "pipelines", "retrain", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def models(home):
    """What serves: each file of models by name."""
    folder = champion_path(home)
    return {path.name: path.read_text() for path in folder.iterdir() if path.suffix == ".txt"}


@pytest.mark.reliability
def test_five_of_five_retrainings_in_two_processes_at_a_time_learn_the_same_trees(tmp_path):
    workspace = a_workspace(tmp_path / "shop")
    first = a_home(tmp_path / "home-0", workspace, a_log(n=12_000))
    homes = [first, *(Path(shutil.copytree(first, tmp_path / f"home-{run}")) for run in range(1, RUNS))]
    for pair in (homes[:2], homes[2:4], homes[4:]):
        assert [process.wait() for process in [started(home, workspace) for home in pair]] == [0] * len(pair)
    learned = [models(home) for home in homes]
    assert learned[0]
    assert all(each == learned[0] for each in learned)
