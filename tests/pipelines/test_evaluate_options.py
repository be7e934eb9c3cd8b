"""`tsugi evaluate`: every option given is read, or refused by name; a page is written wherever it is asked for."""

import numpy as np
import pytest
from typer.testing import CliRunner

import pipelines.evaluate
from features.ledger import Ledger
from pipelines.cli import app
from training.evaluation import References, evaluate
from training.reward_log import LoggedRewards


def run(*words):
    return CliRunner().invoke(app, ["evaluate", *map(str, words)])


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (("--customer", "who"), "--customer says nothing about the workspace's own log"),
        (("--ranking", "list"), "--ranking says nothing about the workspace's own log"),
        (("--shadow", "--html", "r.html"), "--html says nothing about --shadow"),
        (("--tests", "--html", "r.html"), "--html says nothing about --tests"),
        (("--arms", "--policy", "p"), "--policy says nothing about --arms"),
        (("--log", "l.csv", "--policy", "p", "--context", "nope"), "--context says nothing about --log with --policy"),
        (("--log", "l.csv", "--policy", "p", "--drop", "nope"), "--drop says nothing about --log with --policy"),
        (("--log", "l.csv", "--target-column", "t", "--position", "at"), "--position says nothing about --log"),
        (("--log", "l.csv", "--ranking", "list", "--action", "a"), "--action says nothing about --ranking"),
        (("--log", "l.csv", "--ranking", "list", "--policy", "p"), "--policy says nothing about --ranking"),
    ],
)
def test_an_option_that_would_not_be_read_is_refused_by_name(words, refused):
    done = run(*words)
    assert done.exit_code == 2
    assert refused in " ".join(done.output.replace("│", " ").split())


def an_evaluation():
    rng = np.random.default_rng(1)
    chosen = rng.integers(0, 2, 400)
    reward = chosen + rng.normal(size=400)
    log = LoggedRewards(("a", "b"), np.arange(400), chosen, np.full((400, 2), 0.5), reward, reward)
    always = {f"always {name}": np.tile(np.eye(2)[place], (400, 1)) for place, name in enumerate("ab")}
    return evaluate(log, always, generator=rng, references=References(tuple(always)))


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_the_workspaces_own_log_is_told_as_a_page_too(tmp_path, monkeypatch, more):
    monkeypatch.setattr(pipelines.evaluate, "evaluate_log", lambda *_: (an_evaluation(), "EUR"))
    Ledger(tmp_path / "ledger.db").close()
    done = run("--home", tmp_path, "--html", tmp_path / "report.html", *more)
    page = (tmp_path / "report.html").read_text()
    assert done.exit_code == 0
    assert page.count("<svg") == 1
    assert "EUR per decision: 400 decisions of 400 customers" in page
