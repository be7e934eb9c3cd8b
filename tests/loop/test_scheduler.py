"""What a scheduler relies on: one retraining at a time, exit codes, a killed one that changes nothing, `mlflow run`."""

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from patience import LONGEST
from typer.main import get_command

from pipelines.champion import champion_bundle
from pipelines.cli import app, main
from training.artifact import write_bundle
from training.constant import ConstantBundle, ConstantEntry
from training.publication import publish
from training.registry import Registry

ROOT = Path(__file__).parents[2]
REFUSED, NOTHING_NEW, BUSY = 10, 11, 12
WITHOUT_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
"""What a scheduler's shell may have: no environment is active, and ours is not on the path."""


def environment(**more):
    """The environment that `make env` made is found by itself; another one has to be active."""
    active = {} if Path(sys.prefix) == ROOT / ".venv" else {"VIRTUAL_ENV": sys.prefix}
    return {**WITHOUT_ENVIRONMENT, "HOME": os.environ["HOME"], "OMP_NUM_THREADS": "1", **active, **more}


@pytest.fixture(scope="module")
def place(business, tmp_path_factory):
    """A home with decisions to learn from and a champion, and its workspace."""
    folder = tmp_path_factory.mktemp("scheduled")
    home = shutil.copytree(business.home, folder / "home")
    entry = ConstantEntry("savings_plan", value=1.0, standard_error=0.1, propensity=0.1, n_chosen=50)
    write_bundle(
        ConstantBundle("", "any", {"savings_plan": entry}), folder / "made", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    publish(folder / "made", home)
    return home, business.workspace


def retraining(home, workspace):
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", "retrain", "--home", str(home), "--workspace", str(workspace)],
        cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def said_until(process, word):
    """Read what a process says until it says that word; everything, where it ends first."""
    told = []
    for line in process.stderr:
        told.append(line)
        if word in line:
            break
    return "".join(told)


def everything_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def killed(place):
    """Two retrainings at once; the one that got the lease is killed while it learns, the other ended meanwhile."""
    home, workspace = place
    before = everything_in(home / "bundles")
    first = retraining(home, workspace)
    learning = said_until(first, "learning from")
    first.send_signal(signal.SIGSTOP)  # it learns until the other has ended, however slow that is
    second = retraining(home, workspace)
    told = second.communicate(timeout=LONGEST)[1]
    first.kill()
    first.communicate()
    return {"first": first, "second": second, "told": told, "learning": learning, "before": before}


def test_of_two_retrainings_one_runs_and_the_other_exits_busy(killed):
    assert killed["second"].returncode == BUSY
    assert killed["told"].startswith(f"tsugi: retraining is already running (process {killed['first'].pid} holds ")
    assert len(killed["told"].splitlines()) == 1


def test_a_killed_retraining_leaves_the_champion_as_it_was(killed, place):
    home, _ = place
    assert "learning from" in killed["learning"], "it was killed too late to have been at work"
    assert everything_in(home / "bundles") == killed["before"]
    assert champion_bundle(home).kind == "constant"


@pytest.fixture(scope="module")
def project_run(killed, place, tmp_path_factory):
    """`mlflow run` of the very home whose retraining was killed, from a shell where no environment is active."""
    home, workspace = place
    tracking = tmp_path_factory.mktemp("tracking") / "mlflow.db"
    mlflow = Path(sys.executable).with_name("mlflow")
    where = ["-P", f"home={home}", "-P", f"workspace={workspace}"]
    return subprocess.run(
        [str(mlflow), "run", ".", "-e", "retrain", "--env-manager", "local", *where],
        cwd=ROOT, env=environment(MLFLOW_TRACKING_URI=f"sqlite:///{tracking}"),
        capture_output=True, text=True, timeout=LONGEST, check=False,
    )  # fmt: skip


def test_mlflow_runs_a_retraining_and_fails_where_the_gate_refused(project_run, place):
    home, _ = place
    assert "learning from" in project_run.stderr
    registry = Registry.open(home, workspace="bank")
    verdicts = [
        version.tags["gate"]
        for version in registry.client.search_model_versions(f"name = '{registry.model}'")
        if "gate" in version.tags
    ]
    assert len(verdicts) == 1
    assert (verdicts[0], project_run.returncode) in {("promoted", 0), ("refused", 1)}
    told = {"promoted": "passes the gate", "refused": "is refused by the gate"}[verdicts[0]]
    assert told in project_run.stdout.splitlines()[0]


def test_a_retraining_with_nothing_new_has_its_own_code(project_run, place, monkeypatch, capsys):
    home, workspace = place
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setattr(sys, "argv", ["tsugi", "retrain", "--json", "--home", str(home), "--workspace", str(workspace)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == NOTHING_NEW
    assert json.loads(capsys.readouterr().out)["reasons"] == ["no decision has matured since the last retraining"]


# --- the project file --------------------------------------------------------------------------------------------

PROJECT = yaml.safe_load((ROOT / "mlproject").read_text())["entry_points"]


@pytest.mark.parametrize("name", PROJECT)
def test_every_entry_point_calls_a_command_that_exists_with_all_its_parameters(name):
    entry = PROJECT[name]
    command = entry["command"].format(**dict.fromkeys(entry["parameters"], "x"))
    words, said, found = command.split("python -m pipelines ")[1].split(), [], get_command(app)
    while hasattr(found, "commands"):
        said.append(words.pop(0))
        found = found.commands[said[-1]]
    assert said == (["doctor"] if name == "main" else name.split("_"))
    assert all(f"{{{parameter}}}" in entry["command"] for parameter in entry["parameters"])


@pytest.mark.parametrize("active", [{}, {"VIRTUAL_ENV": sys.prefix}], ids=["not activated", "activated"])
def test_an_entry_point_finds_its_python(active, tmp_path):
    command = PROJECT["main"]["command"].format(home=tmp_path / "home", workspace="examples/bank")
    ended = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment(**active), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "ok   workspace: bank" in ended.stdout
