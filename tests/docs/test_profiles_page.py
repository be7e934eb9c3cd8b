"""The page on profiles shows what its commands really print."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.init import write_workspace

PAGE = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(block[1], block[2]) for block in BLOCK.finditer(PAGE)]


def commands():
    """The commands of the page in order, each with what it shows."""
    for language, text in BLOCKS:
        if language == "console":
            for part in re.split(r"^\$ tsugi ", text, flags=re.MULTILINE)[1:]:
                line, _, shown = part.partition("\n")
                yield shlex.split(line), shown.rstrip("\n")


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setenv("COLUMNS", "120")
    write_workspace(tmp_path / "shop")
    (settings,) = (text for language, text in BLOCKS if language == "toml")
    with (tmp_path / "shop" / "tsugi.toml").open("a") as file:
        file.write(f"\n{settings}\n")
    events = [text for language, text in BLOCKS if language == "json"]
    for name, text in zip(("crm.jsonl", "web.jsonl"), events, strict=True):
        (tmp_path / name).write_text(text + "\n")


@pytest.mark.usefixtures("shop")
def test_every_command_prints_what_is_shown(monkeypatch, capsys):
    n_compared = 0
    for arguments, shown in commands():
        monkeypatch.setattr(sys, "argv", ["tsugi", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert ended.value.code == 0, err
        assert out.rstrip("\n") == shown, arguments
        n_compared += 1
    assert n_compared >= 6
