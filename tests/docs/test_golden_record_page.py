"""The walk through the golden record shows what its commands really print."""

import re
import sys

import pytest
from console_page import ConsolePage, agrees

from pipelines.cli import main

PAGE = ConsolePage("golden-record.md")
FILES = ("phone.jsonl", "signup.jsonl", "desk.jsonl")
VOLATILE = re.compile(r"(?<=as of )2026-(?!03-0)\S+|\be_[0-9a-f]{24}\b")
"""What differs from run to run: the moment of reading, the id of an erasure."""


def steady(text: str) -> str:
    return VOLATILE.sub("*", text)


@pytest.mark.slow
def test_every_command_prints_what_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setenv("COLUMNS", "120")
    for name, text in zip(FILES, PAGE.of("json"), strict=True):
        (tmp_path / name).write_text(text + "\n")
    (tmp_path / "again.jsonl").write_text("".join((tmp_path / name).read_text() for name in FILES[:2]))
    n_compared = 0
    for arguments, shown in PAGE.commands():
        monkeypatch.setattr(sys, "argv", ["tsugi", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert ended.value.code == 0, err
        assert agrees(steady(shown), steady(out)), (arguments, out)
        n_compared += 1
    assert n_compared == len(list(PAGE.commands())) > 11
