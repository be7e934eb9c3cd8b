"""One definition of the features has one fingerprint in every process: otherwise each would build all rows anew."""

import subprocess
import sys

from features.catalog_source import feature_set_of
from features.workspace import Workspace
from pipelines.init import write_workspace

FINGERPRINT = """
import sys
from pathlib import Path
from features.catalog_source import feature_set_of
from features.workspace import Workspace
print(feature_set_of(Workspace.load(Path(sys.argv[1]))).fingerprint)
"""


def test_the_fingerprint_does_not_depend_on_how_python_orders_sets(tmp_path):
    write_workspace(tmp_path)
    assert feature_set_of(Workspace.load(tmp_path)).journeys.journeys
    command = [sys.executable, "-c", FINGERPRINT, str(tmp_path)]
    seeds = [{"PYTHONHASHSEED": str(seed)} for seed in range(1, 4)]
    told = {subprocess.run(command, env=seed, capture_output=True, check=True).stdout for seed in seeds}
    assert told == {feature_set_of(Workspace.load(tmp_path)).fingerprint.encode() + b"\n"}
