"""What answers customers imports no feast, no data frames and no Parquet."""

import subprocess
import sys

import pytest

HEAVY = ("feast", "mlflow", "optuna", "duckdb", "sklearn", "pandas", "pyarrow", "ibis")


@pytest.mark.parametrize("module", ["features.profile_reader", "features.feature_file", "features.intake"])
def test_the_online_path_imports_nothing_heavy(module):
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
