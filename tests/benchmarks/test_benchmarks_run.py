import json
import subprocess
import sys
from pathlib import Path

from patience import LONGEST

ROOT = Path(__file__).parents[2]


def _run(*arguments):
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST)


def test_the_two_cheapest_benchmarks_print_tables_and_write_json(tmp_path):
    done = _run("--quick", "--only", "core", "--only", "gate", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr[-2000:]
    assert "| case | CPU µs per decision |" in done.stdout
    for name in ("core", "gate"):
        written = json.loads((tmp_path / f"{name}.json").read_text())
        assert written["rows"]
        assert {"processor", "cores", "python"} <= set(written["machine"])
        assert written["quick"] is True


def test_an_unknown_benchmark_is_refused_by_name_with_those_there_are():
    done = _run("--only", "speed")
    assert done.returncode == 2
    assert "invalid choice: 'speed'" in done.stderr
    assert "core" in done.stderr


def test_a_folder_that_cannot_be_is_refused_before_anything_is_measured(tmp_path):
    (tmp_path / "taken").write_text("a file")
    done = _run("--quick", "--only", "gate", "--out", str(tmp_path / "taken"))
    assert done.returncode == 2
    assert f"--out {tmp_path / 'taken'} cannot be a folder: File exists" in done.stderr
    assert "## gate" not in done.stdout
