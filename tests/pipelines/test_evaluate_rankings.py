"""`tsugi evaluate --log --ranking`: policies that rank, valued on a table with a row per place."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from decisioning.errors import InvalidInputError
from pipelines.cli import app

NAMED = (
    *("--ranking", "list", "--position", "place", "--probability", "p", "--target-probability", "q"),
    *("--reward", "clicked", "--customer", "who"),
)
CLICKS = np.array([[0.5, 0.1], [0.3, 0.2], [0.1, 0.05]])
"""Of three actions at two places."""


def a_table(n: int = 6000, seed: int = 0) -> pd.DataFrame:
    """Two of three actions in random order; the policy to value puts action 0 first three times in four."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        first, second, _ = rng.permutation(3)
        target = np.array([0.75, 0.15, 0.1])
        below = 0.5 * (1 - target)
        for place, action, p, q, m, t in (
            (1, first, 1 / 3, target[first], 1 / 3, target[first]),
            (2, second, 1 / 2, 1 / 2, 1 / 3, below[second]),
        ):
            rows.append((number, number // 2, place, p, q, m, t, float(rng.random() < CLICKS[action, place - 1])))
    return pd.DataFrame(rows, columns=["list", "who", "place", "p", "q", "m", "t", "clicked"])


def truth() -> float:
    target = np.array([0.75, 0.15, 0.1])
    return float(target @ CLICKS[:, 0] + 0.5 * (1 - target) @ CLICKS[:, 1])


def evaluate(file, *more):
    return CliRunner().invoke(app, ["evaluate", "--log", str(file), *NAMED, *more])


def test_every_estimator_finds_the_value_and_says_what_it_takes_for_granted(tmp_path):
    a_table().to_csv(tmp_path / "log.csv", index=False)
    done = evaluate(tmp_path / "log.csv", "--marginal", "m", "--target-marginal", "t", "--json")
    told = json.loads(done.stdout)
    assert told["rankings"] == 6000
    assert set(told["estimates"]) == {"standard_ips", "cascade_ips", "independent_ips"}
    for line in told["estimates"].values():
        assert line["by_customer"]["low"] < truth() < line["by_customer"]["high"]
        assert line["by_customer"]["value"] == pytest.approx(truth(), abs=0.04)
    assert "on the places above it" in evaluate(tmp_path / "log.csv").stdout


def test_the_page_has_a_picture_and_what_is_printed(tmp_path):
    a_table(200).to_csv(tmp_path / "log.csv", index=False)
    done = evaluate(tmp_path / "log.csv", "--html", str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 1
    assert done.stdout.splitlines()[0] in page


def test_a_log_that_cannot_tell_of_a_policy_says_so_in_text_json_and_page(tmp_path):
    a_table(500).assign(q=0.0).to_csv(tmp_path / "log.csv", index=False)
    done = evaluate(tmp_path / "log.csv", "--html", str(tmp_path / "report.html"))
    told = json.loads(evaluate(tmp_path / "log.csv", "--json").stdout)
    said = "UNUSABLE, the log cannot tell by standard_ips: effective sample of 0 in 500 rankings; 100 needed"
    assert said in done.stdout
    assert said in (tmp_path / "report.html").read_text()
    assert any(note.startswith(said) for note in told["notes"])
    assert told["estimates"]["standard_ips"]["problems"][0] in said


def test_a_log_that_can_tell_has_no_word_against_it(tmp_path):
    a_table(2000).to_csv(tmp_path / "log.csv", index=False)
    told = json.loads(evaluate(tmp_path / "log.csv", "--marginal", "m", "--target-marginal", "t", "--json").stdout)
    assert told["notes"] == []


def test_without_marginals_no_estimator_guesses_them(tmp_path):
    a_table(200).to_csv(tmp_path / "log.csv", index=False)
    assert set(json.loads(evaluate(tmp_path / "log.csv", "--json").stdout)["estimates"]) == {
        "standard_ips",
        "cascade_ips",
    }


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("p", 0.0, "not above 0"),
        ("q", 1.5, "is no probability"),
        ("place", 1, "column 'place' belongs to a ranking that lacks a place or holds one twice"),
        ("place", 3, "lacks a place or holds one twice"),
        ("clicked", None, "is no number"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_name(tmp_path, column, value, said):
    frame = a_table(50)
    frame.loc[1, column] = value
    frame.to_csv(tmp_path / "log.csv", index=False)
    done = evaluate(tmp_path / "log.csv")
    assert isinstance(done.exception, InvalidInputError)
    assert said in str(done.exception)


def test_a_column_that_is_not_named_is_asked_for(tmp_path):
    a_table(50).to_csv(tmp_path / "log.csv", index=False)
    done = CliRunner().invoke(app, ["evaluate", "--log", str(tmp_path / "log.csv"), "--ranking", "list"])
    assert isinstance(done.exception, InvalidInputError)
    assert "--position" in str(done.exception)
