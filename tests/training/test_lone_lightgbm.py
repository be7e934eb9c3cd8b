"""LightGBM without what it adapts to: the same scores, and nothing hidden from anybody afterwards."""

import subprocess
import sys
from importlib.util import find_spec
from threading import Thread

import lightgbm
import numpy as np
import pytest

from training.lone_lightgbm import ADAPTED, _absent

ALONE = """
import sys
from training.lone_lightgbm import import_lone_lightgbm

import_lone_lightgbm()
import lightgbm, numpy
print(sorted({"sklearn", "pandas"} & set(sys.modules)), file=sys.stderr)
rows = numpy.random.default_rng(1).normal(size=(50, 3))
rows[::7, 1] = numpy.nan
print([float(p).hex() for p in lightgbm.Booster(model_file=sys.argv[1]).predict(rows, num_threads=1)])
import pandas, sklearn
"""


def test_a_process_with_lightgbm_alone_scores_to_the_last_bit_as_any_other(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 3))
    rows[::9, 1] = np.nan
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, (rows[:, 0] > 0).astype(float)), 20)
    booster.save_model(tmp_path / "model.txt")
    asked = np.random.default_rng(1).normal(size=(50, 3))
    asked[::7, 1] = np.nan
    command = [sys.executable, "-c", ALONE, str(tmp_path / "model.txt")]
    alone = subprocess.run(command, capture_output=True, text=True, check=True)
    assert alone.stderr.strip() == "[]"
    assert alone.stdout.strip() == str([float(p).hex() for p in booster.predict(asked, num_threads=1)])


def test_only_the_thread_that_imports_misses_anything():
    there = [name for name in sorted(ADAPTED) if find_spec(name)]
    seen = []
    with _absent():
        other = Thread(target=lambda: seen.extend(name for name in there if name in sys.modules or find_spec(name)))
        other.start()
        other.join()
        for name in ADAPTED - sys.modules.keys():
            with pytest.raises(ModuleNotFoundError, match=f"{name} is not needed here"):
                find_spec(name)
    assert seen == there
    assert [name for name in sorted(ADAPTED) if find_spec(name)] == there
