"""What docs/learning.md shows of Hillstrom's e-mails is what the command on the page says of them."""

import re
import shlex
from pathlib import Path

import pandas as pd
from offers_data import data_folder
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.exit_code import ExitCode

PAGE = (Path(__file__).parents[2] / "docs" / "learning.md").read_text()
COMMAND = re.compile(r"^\$ tsugi (policy fit log\.csv .*)$", re.MULTILINE)
SHOWN = re.compile(r"^```\n(log  +64,000 decisions.*?)\n```$", re.MULTILINE | re.DOTALL)

VERSION = re.compile(r", version [0-9a-f]{16}")
"""A hash of every digit; those beyond the shown ones may be another machine's."""


def test_the_page_shows_what_the_fit_says(tmp_path, monkeypatch):
    mails = pd.read_csv(data_folder("hillstrom") / "hillstrom.csv.gz")
    mails.assign(customer=range(len(mails)), p=1 / 3).to_csv(tmp_path / "log.csv", index=False)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, shlex.split(COMMAND.findall(PAGE)[0]))
    assert done.exit_code == ExitCode.REFUSED
    assert VERSION.sub("", done.stdout.strip()) == VERSION.sub("", SHOWN.findall(PAGE)[0])
