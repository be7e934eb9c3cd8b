"""The way from an empty folder to the first retraining is gone again, and prints what the page shows."""

import json
import re
import sys

import pytest
from walk_page import commands, steps

from pipelines.cli import main

WALK = list(
    steps("getting-started.md", until="On a home that has decisions enough, such as the demo's, it looks like this:")
)
COMMANDS = [each for step in WALK if step.kind == "console" for each in commands(step.text)]
(HISTORY,) = [step.shown for step in WALK if step.shown.startswith('{"type": "identify"')]
BY_CHANCE = ("decision_id", "request_id", "decided_at", "chosen", "ranked")
"""What a decision has of its id, its moment, and which of two equally likely actions that draws."""
STILL_OPEN = re.compile(r"and \d+ still open")
ELSEWHERE = ("serve", "profile")
"""Commands that go on, or of which the page shows nothing."""


def printed(command, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["tsugi", *command.arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert ended.value.code == command.code, (command.arguments, out, err)
    return (err + out if command.code else out + err).strip("\n")


def steady(shown):
    """What does not depend on when, and how often, somebody does it."""
    if shown.startswith("{"):
        return {name: value for name, value in json.loads(shown).items() if name not in BY_CHANCE}
    return STILL_OPEN.sub("and some still open", shown)


def test_every_command_prints_what_is_shown(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "history.jsonl").write_text(HISTORY + "\n")
    done = [each for each in COMMANDS if each.arguments[0] not in ELSEWHERE]
    assert [each.arguments[0] for each in done] == ["init", "catalog", "ingest", "rejects", "decide", "retrain"]
    for command in done:
        assert steady(printed(command, capsys, monkeypatch)) == steady(command.shown), command.arguments
