"""The page on ingest shows what its commands really print, of the public data that it names."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from console_page import ConsolePage

from pipelines.cli import main

COMMANDS = list(ConsolePage("ingest.md").commands())
EXAMPLES = Path(__file__).parents[2] / "examples"
VOLATILE = re.compile(r"[\d,]+(?= days ago)|\d+ h \d+ min")
"""What differs from day to day."""
BROKEN = "9,\n9,997,7\n99,998\n"
"""A contact of nobody, one of three columns, and one of a campaign that there is none of."""
PUT_RIGHT = '    skip: [{rule: no_household, when: "household_id IS NULL"}]\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TSUGI_HOME", str(tmp_path / "home"))
    (tmp_path / "examples").symlink_to(EXAMPLES)
    return tmp_path


@pytest.fixture
def prints(monkeypatch, capsys):
    """Runs a command; what it printed."""

    def run(arguments):
        monkeypatch.setattr(sys, "argv", ["tsugi", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert ended.value.code == 0, err
        return out.rstrip("\n")

    return run


def copied(name, *files, to):
    root = os.environ.get("TSUGI_TEST_DATA")
    if not root or not (Path(root) / name).is_dir():
        pytest.skip(f"TSUGI_TEST_DATA names no folder that holds {name}")
    for file in files:
        shutil.copy(Path(root) / name / file, to / file)


def the_page_says(*arguments):
    """What the page shows of a command, each time that it is on it."""
    found = [shown for told, shown in COMMANDS if told == list(arguments)]
    assert found, arguments
    return found


@pytest.mark.slow
def test_a_file_and_the_same_file_again(folder, prints):
    copied("uci-online-retail", "online_retail.csv.gz", to=folder)
    command = ("ingest", "online_retail.csv.gz", "--workspace", "examples/retail")
    assert [prints(command), prints(command)] == the_page_says(*command)


@pytest.mark.slow
def test_what_is_refused_what_is_put_right_and_the_quality_of_each_source(folder, prints, monkeypatch):
    files = ("campaigns.csv", "campaign_descriptions.csv", "coupon_redemptions.csv", "demographics.csv")
    copied("complete-journey", *files, to=folder)
    shutil.copytree(EXAMPLES / "journey", folder / "shop")
    monkeypatch.setenv("TSUGI_WORKSPACE", "shop")
    with (folder / files[0]).open("a") as file:
        file.write(BROKEN)
    for command in (("ingest", files[0]), ("rejects",)):
        assert [prints(command)] == the_page_says(*command)

    mappings = folder / "shop" / "mappings.yaml"
    declared = '    files: ["campaigns.csv"]\n'
    mappings.write_text(mappings.read_text().replace(declared, declared + PUT_RIGHT))
    assert [prints(("rejects", "--replay"))] == the_page_says("rejects", "--replay")

    for file in files[2:]:
        prints(("ingest", file))
    (shown,) = the_page_says("quality")
    assert VOLATILE.sub("*", prints(("quality",))) == VOLATILE.sub("*", shown)
