"""The example's flow, run by Luigi itself: what a scheduler does with every exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from features.ledger import Ledger

pytest.importorskip("luigi", reason="the extra `workflow` is not installed")
ROOT = Path(__file__).parents[2]
FLOW = ROOT / "examples" / "luigi" / "flow.py"
FAKE = """
import json, pathlib, sys
codes = json.loads(pathlib.Path(sys.argv[1]).read_text())
words = sys.argv[2:]
with pathlib.Path(sys.argv[1]).with_name("calls").open("a") as calls:
    calls.write(" ".join(words[: words.index("--json")]) + chr(10))
print(json.dumps({"reasons": ["because"], "findings": [{}]}))
print("tsugi: so it is", file=sys.stderr)
sys.exit(codes[words[0]].pop(0) if isinstance(codes[words[0]], list) else codes[words[0]])
"""
FINE, FAILED = 0, 40
"""What Luigi itself ends with; the second as the configuration below has it."""


class Place:
    """A folder with a stand-in for `tsugi` that ends with given codes, or with the real one."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "fake.py").write_text(FAKE)

    def run(self, *, slot="2026-11-26T02", real=False, **codes):
        (self.folder / "codes.json").write_text(json.dumps(codes))
        fake = [sys.executable, str(self.folder / "fake.py"), str(self.folder / "codes.json")]
        command = [sys.executable, "-m", "pipelines"] if real else fake
        (self.folder / "luigi.cfg").write_text(
            f"[core]\nautoload_range = false\n[retcode]\ntask_failed = {FAILED}\nunhandled_exception = 41\n"
            f"missing_data = 42\nscheduling_error = 43\n[Tsugi]\ncommand = {json.dumps(command)}\n"
        )
        where = ["--home", str(self.folder / "home"), "--workspace", str(ROOT / "examples" / "bank"), "--slot", slot]
        return subprocess.run(
            [sys.executable, str(FLOW), "Report", *where, "--local-scheduler"],
            cwd=self.folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def calls(self):
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def kept(self, step, slot="2026-11-26T02"):
        path = self.folder / "home" / "flow" / f"{slot}.{step}"
        return path.read_text() if path.exists() else None


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("monitor", "retrain", "said"),
    [
        (0, None, "retraining was not needed"),
        (11, 0, "retraining passed the gate"),
        (13, 10, "retraining was refused by the gate"),
        (13, 11, "retraining found nothing new to learn"),
    ],
)
def test_what_the_monitor_says_decides_whether_anything_is_learned(place, monitor, retrain, said):
    ended = place.run(monitor=monitor, retrain=retrain)
    assert ended.returncode == FINE, ended.stderr
    assert place.calls() == ["monitor", *(["retrain --if-needed"] if retrain is not None else [])]
    assert said in place.kept("report")


def test_attention_ends_the_flow_and_nothing_is_learned(place):
    ended = place.run(monitor=14, retrain=0)
    assert ended.returncode == FAILED
    assert "tsugi monitor ended with 14: tsugi: so it is" in ended.stderr
    assert (place.calls(), place.kept("monitor"), place.kept("report")) == (["monitor"], None, None)


@pytest.mark.parametrize("code", [1, 12])
def test_a_slot_whose_retraining_failed_or_was_busy_goes_on_where_it_stood(place, code):
    assert place.run(monitor=13, retrain=code).returncode == FAILED
    assert place.kept("report") is None
    assert place.run(monitor=13, retrain=0).returncode == FINE
    assert place.calls() == ["monitor", "retrain --if-needed", "retrain --if-needed"]


def test_a_slot_is_done_once_and_the_next_one_begins_anew(place):
    for slot in ("2026-11-26T02", "2026-11-26T02", "2026-11-26T03"):
        assert place.run(slot=slot, monitor=0).returncode == FINE
    assert place.calls() == ["monitor", "monitor"]


def test_the_real_commands_on_an_empty_home_find_nothing_to_learn_and_say_so(place):
    (place.folder / "home").mkdir()
    Ledger(place.folder / "home" / "ledger.db").close()
    ended = place.run(real=True)
    assert ended.returncode == FINE, ended.stderr
    answers = [json.loads(place.kept(step)) for step in ("monitor", "retrain")]
    assert [answer["exit_code"] for answer in answers] == [11, 0]
    lines = place.kept("report").splitlines()
    assert lines[:2] == ["2026-11-26 02:00: monitor ended with 11, 0 findings", "retraining was not needed"]
    assert lines[2:] == ["- 0 decisions are over, 500 are needed to learn from"]
