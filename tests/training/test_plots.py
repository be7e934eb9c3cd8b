"""Figures, drawn without pyplot."""

import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest

from training.evaluation import evaluate
from training.plots import (
    contribution_plot,
    drift_plot,
    feature_importance,
    gain_curve,
    policy_values,
    qini_plot,
    reliability_curve,
)
from training.policy import standard_policies
from training.qini import Qini
from training.reward_log import LoggedRewards
from training.study_plots import setting_importance, study_history
from training.tuning import TrialRecord

GENERATOR = np.random.default_rng(0)
SCORE = GENERATOR.random(200)
OUTCOME = (GENERATOR.random(200) < SCORE).astype(float)


def an_evaluation():
    n = 60
    log = LoggedRewards(
        ("no_action", "card"), np.arange(n), np.arange(n) % 2, np.full((n, 2), 0.5), SCORE[:n], SCORE[:n]
    )
    return evaluate(log, standard_policies(log), generator=np.random.default_rng(0))


def test_a_gain_says_what_is_gained():
    assert gain_curve(SCORE, OUTCOME).axes[0].get_ylabel() == "share of outcomes reached"
    assert gain_curve(SCORE, OUTCOME, of="money").axes[0].get_ylabel() == "share of money reached"


@pytest.mark.parametrize(
    "draw",
    [
        lambda: reliability_curve(SCORE, OUTCOME),
        lambda: reliability_curve(SCORE[:3], np.zeros(3)),
        lambda: gain_curve(SCORE, OUTCOME),
        lambda: gain_curve(SCORE, np.zeros(200)),
        lambda: feature_importance(["age", "income"], np.array([3.0, 9.0])),
        lambda: feature_importance(["age"], np.zeros(1)),
        lambda: policy_values(an_evaluation(), currency="EUR"),
        lambda: qini_plot(Qini(np.array([0.0, 1.0]), np.array([0.0, 0.1]))),
        lambda: contribution_plot(["age", "income"], np.ones((3, 2)) * [[np.nan, 1.0]], np.ones((3, 2))),
        lambda: drift_plot({"age": 0.3, "income": 0.01}, threshold=0.2),
        lambda: drift_plot({}, threshold=0.2),
        lambda: study_history([TrialRecord(0, "complete", 0.4, {}), TrialRecord(1, "pruned", float("nan"), {})]),
        lambda: study_history([]),
        lambda: setting_importance({"leaves": 0.9, "rate": 0.1}),
    ],
)
def test_each_plot_is_a_png_with_a_title(draw):
    figure, written = draw(), BytesIO()
    figure.savefig(written, format="png")
    assert written.getvalue().startswith(b"\x89PNG")
    assert figure.axes[0].get_title()


def test_the_gain_curve_of_a_perfect_score_reaches_everything_first():
    line = gain_curve(np.array([0.9, 0.8, 0.1, 0.0]), np.array([1, 1, 0, 0])).axes[0].lines[1]
    assert line.get_ydata().tolist() == [0, 0.5, 1, 1, 1]


def test_the_most_important_features_are_shown_largest_at_the_top():
    axes = feature_importance(["a", "b", "c"], np.array([1.0, 7.0, 2.0]), top=2).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["c", "b"]
    assert [bar.get_width() for bar in axes.patches] == [0.2, 0.7]


def test_the_axis_of_important_features_says_what_their_shares_are_of():
    axes = feature_importance(["a"], np.ones(1), of="mean absolute contributions").axes[0]
    assert axes.get_xlabel() == "share of all mean absolute contributions"


def test_pyplot_is_never_imported():
    code = "import sys, training.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_drift_shows_the_twenty_largest_and_the_threshold():
    figure = drift_plot({f"x{place}": place / 100 for place in range(30)}, threshold=0.25)
    axes = figure.axes[0]
    assert [bar.get_width() for bar in axes.patches] == [place / 100 for place in range(10, 30)]
    assert [label.get_text() for label in axes.get_yticklabels()] == [f"x{place}" for place in range(10, 30)]
    assert axes.lines[0].get_xdata()[0] == 0.25
    assert "4 of 30 beyond 0.25" in axes.get_title()


@pytest.mark.parametrize("name", ["$5_off_$10", "$2 off $10", "one $"])
def test_a_name_with_dollar_signs_stands_in_a_picture_as_it_is(name):
    log = LoggedRewards(("card", name), np.arange(60), np.arange(60) % 2, np.full((60, 2), 0.5), SCORE[:60], SCORE[:60])
    policies = {f"always {action}": np.eye(2)[np.full(60, place)] for place, action in enumerate(("card", name))}
    drawn = policy_values(evaluate(log, policies, generator=np.random.default_rng(0)))
    drawn.savefig(BytesIO())
    tick = next(label for label in drawn.axes[0].get_yticklabels() if label.get_text() != "always card")
    assert tick._preprocess_math(tick.get_text()) == (f"always {name}", False)
