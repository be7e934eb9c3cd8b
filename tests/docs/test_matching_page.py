"""The page on matching shows what its commands really print, of the public table that it names."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from console_page import ConsolePage

from pipelines.cli import main

TABLE = "fake_1000.csv"
(REAL,) = [block for block in ConsolePage("matching.md").of("console") if TABLE in block]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    root = os.environ.get("TSUGI_TEST_DATA")
    if not root or not (Path(root) / "splink-demo").is_dir():
        pytest.skip("TSUGI_TEST_DATA names no folder that holds splink-demo")
    shutil.copy(Path(root) / "splink-demo" / TABLE, tmp_path / TABLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_a_real_table_is_resolved_as_it_is_shown(monkeypatch, capsys):
    matching, looking = REAL.removeprefix("$ tsugi ").split("\n$ head ")
    command, _, shown = matching.partition("\n")
    monkeypatch.setattr(sys, "argv", ["tsugi", *command.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code, out.rstrip("\n")) == (0, shown), err

    files, _, shown = looking.partition("\n")
    found = subprocess.run(["head", *files.split()], capture_output=True, text=True, check=True).stdout
    assert found.rstrip("\n") == shown
