"""Ctrl-C ends a command with one line and the exit code 130, whatever it was at."""

import sys

import numpy as np
import pytest
import typer

from pipelines import cli
from training.search_space import Space
from training.trees import Rows
from training.tuning import Search, tune


def interrupted():
    raise KeyboardInterrupt


def a_search():
    rng = np.random.default_rng(0)
    rows = Rows(rng.normal(size=(200, 2)), (rng.random(200) < 0.5).astype(float))
    tune(rows, rows, [], search=Search(trials=2, space=Space(suggest=lambda _: interrupted())))


def stumbled():
    """As a library does whose way out needs what was not made yet."""
    try:
        made = interrupted()
    finally:
        print(made)


@pytest.mark.parametrize("work", [interrupted, a_search, stumbled])
def test_an_interrupted_command_says_so_in_one_line(work, monkeypatch, capfd):
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(work)
    monkeypatch.setattr(cli, "app", app)
    monkeypatch.setattr("sys.argv", ["tsugi"])
    monkeypatch.setattr("os._exit", sys.exit)  # these tests go on
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert capfd.readouterr().err == "tsugi: interrupted\n"
