"""Row 38: a retraining killed at any step leaves the old champion or the complete new one, and can be done again."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from logged_home import AS_OF, a_home, a_log, a_workspace

from pipelines.champion import champion_bundle
from training.artifact import load_bundle
from training.registry import Registry

ROOT = Path(__file__).parents[2]
POINTS = int(os.environ.get("TSUGI_RETRAIN_KILLS", "30"))
AGAIN = 6
"""After every so many kills the retraining is done again, to its end."""
STAGES = ("bringing", "reading", "learning", "judging", "recording")
"""How what a retraining says of itself begins; after the last it records, publishes and promotes."""
DONE, NOTHING_NEW = 0, 11


def command(place):
    words = ["--home", str(place.home), "--workspace", str(place.workspace), "--as-of", AS_OF.isoformat()]
    return [sys.executable, "-m", "pipelines", "retrain", *words]


def started(place):
    return subprocess.Popen(command(place), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def lengths(place):
    """Run to the end; when each stage began and when all was over, in seconds from the first word."""
    with started(place) as process:
        moments = [time.monotonic() for line in process.stderr if line.startswith(STAGES)]
        code = process.wait()
    assert code == DONE
    return [after - before for before, after in zip(moments, [*moments[1:], time.monotonic()], strict=True)]


def killed(place, stage, delay):
    """Kill a retraining so many seconds after it announced a stage; whether it was still at work."""
    with started(place) as process:
        for line in process.stderr:
            if line.startswith(stage):
                break
        time.sleep(delay)
        late = process.poll() is None
        process.kill()
    return late


def state(home):
    """What serves, and what the registry's champion is: each verified to the last byte; None where there is none."""
    with closing(sqlite3.connect(home / "mlflow.db")) as registry:
        held = registry.execute(_HELD).fetchone()
    return champion_bundle(home).version, held and load_bundle(Path(held[0].removeprefix("file://"))).version


_HELD = """
    SELECT v.source FROM registered_model_aliases a JOIN model_versions v USING (name, version)
    WHERE a.alias = 'champion'
"""


@dataclass(frozen=True)
class Place:
    """A home, as it was before anything was learned from it, and what a whole retraining makes of it.

    Parameters: `before`, a copy of the home; `old` and `new`, the champions; `took`, seconds of each stage.
    """

    home: Path
    workspace: Path
    before: Path
    old: str = ""
    new: str = ""
    took: tuple[float, ...] = ()

    def restore(self):
        shutil.rmtree(self.home)
        shutil.copytree(self.before, self.home)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    workspace = a_workspace(folder / "shop")
    home = a_home(folder / "home", workspace, a_log())
    Registry.open(home, workspace="logged")
    made = Place(home, workspace, Path(shutil.copytree(home, folder / "before")), champion_bundle(home).version)
    took = lengths(made)
    return replace(made, new=champion_bundle(home).version, took=tuple(took))


def test_the_whole_one_replaces_the_champion(place):
    assert place.old != place.new
    assert len(place.took) == len(STAGES)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_a_retraining_at_once_in_one_line(place, number):
    place.restore()
    with started(place) as process:
        for line in process.stderr:
            if line.startswith("learning"):
                break
        time.sleep(0.2)
        process.send_signal(number)
        said = process.stderr.read().splitlines()
    assert (process.returncode, said[-1]) == (130, "tsugi: interrupted")
    assert len(said) <= 2, "at most the next stage was told of in between"


@pytest.mark.reliability
@pytest.mark.parametrize("first", range(0, POINTS, AGAIN))
def test_kills_leave_the_old_champion_or_the_complete_new_one(place, first):
    chance, at_work, points = random.Random(first), 0, range(first, min(first + AGAIN, POINTS))  # noqa: S311 - seeded, nothing secret
    for point in points:
        place.restore()
        stage = point % len(STAGES)
        at_work += killed(place, STAGES[stage], chance.uniform(0.0, place.took[stage]))
        serves, told = state(place.home)
        assert serves in (place.old, place.new), (point, STAGES[stage])
        assert told in (None, place.new), (point, STAGES[stage])
        assert told is None or serves == place.new, (point, STAGES[stage])
    ended = subprocess.run(command(place), cwd=ROOT, check=False, capture_output=True, text=True)
    assert ended.returncode in (DONE, NOTHING_NEW), (first, ended.stderr)
    assert state(place.home) == (place.new, place.new), (first, ended.stderr)
    assert at_work >= len(points) // 2, "too many were killed only after their end"
