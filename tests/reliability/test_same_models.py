"""Row 42: the same data, seed and threads give the same models, to the byte, whatever else the machine is doing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from logged_home import AS_OF, a_home, a_log, a_workspace

from training.manifest import champion_path

ROOT = Path(__file__).parents[2]
RUNS = 5
RETRAIN = """
import sys
from datetime import datetime
from pathlib import Path
from pipelines.retrain import retrain_workspace
workspace, as_of, *homes = sys.argv[1:]
for home in homes:
    retrain_workspace(Path(home), Path(workspace), as_of=datetime.fromisoformat(as_of))
"""


def retraining(workspace, homes):
    """A process that retrains one home after the other."""
    given = [str(workspace), AS_OF.isoformat(), *map(str, homes)]
    return subprocess.Popen([sys.executable, "-c", RETRAIN, *given], cwd=ROOT, stdout=subprocess.DEVNULL)


def models(home):
    """The models that serve: each file's text by its name."""
    return {path.name: path.read_text() for path in champion_path(home).iterdir() if path.suffix == ".txt"}


@pytest.mark.reliability
def test_five_of_five_retrainings_in_two_processes_learn_the_same_trees(tmp_path):
    workspace = a_workspace(tmp_path / "shop")
    first = a_home(tmp_path / "home-0", workspace, a_log())
    homes = [first, *(Path(shutil.copytree(first, tmp_path / f"home-{run}")) for run in range(1, RUNS))]
    processes = [retraining(workspace, some) for some in (homes[:3], homes[3:])]
    assert [process.wait() for process in processes] == [0, 0]
    learned = [models(home) for home in homes]
    assert any("Tree=0" in text for text in learned[0].values())
    assert all(each == learned[0] for each in learned)
