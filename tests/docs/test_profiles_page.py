"""The page on profiles shows what its commands really print."""

import sys

import pytest
from console_page import ConsolePage

from pipelines.cli import main
from pipelines.init import write_workspace

PAGE = ConsolePage("profiles.md")


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setenv("COLUMNS", "120")
    write_workspace(tmp_path / "shop")
    (settings,) = PAGE.of("toml")
    with (tmp_path / "shop" / "tsugi.toml").open("a") as file:
        file.write(f"\n{settings}\n")
    for name, text in zip(("crm.jsonl", "web.jsonl"), PAGE.of("json"), strict=True):
        (tmp_path / name).write_text(text + "\n")


@pytest.mark.usefixtures("shop")
def test_every_command_prints_what_is_shown(monkeypatch, capsys):
    n_compared = 0
    for arguments, shown in PAGE.commands():
        monkeypatch.setattr(sys, "argv", ["tsugi", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert ended.value.code == 0, err
        assert out.rstrip("\n") == shown, arguments
        n_compared += 1
    assert n_compared >= 6
