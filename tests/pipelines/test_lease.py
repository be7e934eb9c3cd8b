import os
import subprocess
import sys

import pytest

from pipelines.lease import BusyError, lease

HOLD = """
import sys, time
from pathlib import Path
from pipelines.lease import lease
with lease(Path(sys.argv[1]), work="retraining"):
    print("held", flush=True)
    time.sleep(600)
"""


def _holder(path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == "held"
    return process


def test_a_second_process_is_told_who_holds_the_lease(tmp_path):
    with _holder(tmp_path / "retrain.lock") as process:
        told = f"retraining is already running .process {process.pid} holds"
        with pytest.raises(BusyError, match=told), lease(tmp_path / "retrain.lock", work="retraining"):
            raise AssertionError("held twice")
        process.kill()


def test_the_lease_of_a_killed_process_is_free_at_once(tmp_path):
    with _holder(tmp_path / "retrain.lock") as process:
        process.kill()
    with lease(tmp_path / "retrain.lock", work="retraining"):
        assert (tmp_path / "retrain.lock").read_text() == str(os.getpid())


def test_a_lease_can_be_taken_again_after_it_was_given_back(tmp_path):
    for _ in range(2):
        with lease(tmp_path / "x.lock", work="x"):
            pass
