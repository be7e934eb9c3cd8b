"""`tsugi policy` end to end: fit, value and choose on a table of one's own."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.exit_code import ExitCode

sys.path.append(str(Path(__file__).parents[1] / "training" / "uplift"))
from randomised_log import a_table

NAMED = ("--action", "action", "--probability", "p", "--reward", "money", "--customer", "customer")


def run(*arguments):
    return CliRunner().invoke(app, ["policy", *map(str, arguments)])


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy")
    a_table(1, n=1500).to_csv(folder / "log.csv", index=False)
    a_table(2, n=1500).to_parquet(folder / "later.parquet", index=False)
    done = run("fit", folder / "log.csv", *NAMED, "--out", folder / "policy", "--json")
    return folder, done


def test_fit_says_what_it_learned_and_ends_with_0_where_it_is_adopted(fitted):
    _, done = fitted
    told = json.loads(done.stdout)
    assert done.exit_code == ExitCode.DONE
    assert told["adopted"] is True
    assert told["explained"][0].startswith("adopted: the learned policy is better than the best constant action")
    assert told["context"] == ["x0", "x1", "x2", "x3"]


def test_value_on_another_log_finds_it_better_than_every_constant(fitted):
    folder, _ = fitted
    told = json.loads(run("value", folder / "later.parquet", "--policy", folder / "policy", "--json").stdout)
    value = {name: row["raw"]["doubly_robust"]["value"] for name, row in told["policies"].items()}
    assert value["policy"] > max(value[f"always {action}"] for action in ("call", "card", "mail"))


def test_value_on_the_log_that_taught_it_says_that_this_flatters(fitted):
    folder, _ = fitted
    done = run("value", folder / "log.csv", "--policy", folder / "policy")
    assert "this very log, which flatters it" in done.stderr


def test_choose_writes_an_action_for_every_row(fitted):
    folder, _ = fitted
    done = run("choose", folder / "later.parquet", "--policy", folder / "policy", "--out", folder / "chosen.csv")
    chosen = pd.read_csv(folder / "chosen.csv")
    assert done.exit_code == 0
    assert list(chosen.columns) == ["customer", "row", "action", "gain"]
    assert len(chosen) == 1500
    assert (chosen.loc[chosen["action"] == "card", "gain"] == 0).all()
    assert (chosen.loc[chosen["action"] != "card", "gain"] > 0).all()


def test_a_refusal_ends_with_10_and_serves_the_best_constant_action(tmp_path):
    a_table(3, n=1500, strength=0.0).to_csv(tmp_path / "log.csv", index=False)
    done = run("fit", tmp_path / "log.csv", *NAMED, "--out", tmp_path / "policy")
    assert done.exit_code == ExitCode.REFUSED
    assert "verdict    not adopted" in done.stdout
    assert "serves     the best constant action: always card" in done.stdout
    run("choose", tmp_path / "log.csv", "--policy", tmp_path / "policy", "--out", tmp_path / "chosen.csv")
    assert set(pd.read_csv(tmp_path / "chosen.csv")["action"]) == {"card"}
