"""`tsugi explain`: a past decision in words, and what if."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.init import write_workspace


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A workspace with one decision; its id."""
    write_workspace(tmp_path / "shop")
    monkeypatch.setenv("TSUGI_WORKSPACE", str(tmp_path / "shop"))
    return json.loads(run("decide", "user_id:u-1", "--placement", "web_home", "--request-id", "r-1").stdout)


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_a_decision_is_explained_in_words(shop):
    told = run("explain", shop["decision_id"])
    assert told.exit_code == 0, told.output
    assert "made again: the same" in told.stdout
    assert f"1. {shop['ranked'][0]['action']}: priority" in told.stdout
    assert "x  second_order: applicability: orders > 0 (orders is 0.0)" in told.stdout


def test_what_if_is_told(shop):
    first = shop["ranked"][0]["action"]
    told = run("explain", shop["decision_id"], "--lever", f"{first}=0", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["what_if"]["chosen"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--feature", "age"), "--feature takes name=value"),
        (("--feature", "agee=3"), "knows no feature 'agee'"),
        (("--lever", "card=high"), "the lever of 'card' is a number from 0 to 1000000"),
        (("--placement", "attic"), "unknown placement 'attic'"),
    ],
)
def test_what_makes_no_sense_is_named(shop, options, said):
    told = run("explain", shop["decision_id"], *options)
    assert told.exit_code == 1
    assert said in str(told.exception or told.output)


def test_a_decision_after_a_contact_is_made_again_too(shop):
    second = json.loads(run("decide", "user_id:u-1", "--placement", "web_home", "--request-id", "r-2").stdout)
    assert "made again: the same" in run("explain", second["decision_id"]).stdout


def test_an_unknown_decision_is_named(shop):
    told = run("explain", "d_none")
    assert told.exit_code == 1
    assert "no decision has this id" in str(told.exception or told.output)
