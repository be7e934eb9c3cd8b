"""Writes a search for settings: every trial as a run below its model's, the loss over trials, and pictures."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from training.study_plots import setting_importance, study_history
from training.tracking_run import Run
from training.tuning import TrialRecord, Tuned


def log_search(run: Run, tuned: Tuned, *, name: str = "") -> None:
    """Write a search.

    Parameters: `name`, which part of the model it was for, where there are several.
    """
    part = f"{name}." if name else ""
    run.log_steps(f"{part}best_loss", _best_so_far(tuned))
    for trial in tuned.trials:
        _log_trial(run, trial, part)
    plots = {f"{part}search": study_history(tuned.trials)}
    if tuned.importance:
        plots[f"{part}settings"] = setting_importance(tuned.importance)
    run.log_plots(plots)


def _log_trial(run: Run, trial: TrialRecord, part: str) -> None:
    losses = {"loss": trial.loss} if np.isfinite(trial.loss) else {}
    with run.nested(f"{part}trial {trial.number}") as below:
        below.log(params=trial.parameters, metrics=losses, tags={"tsugi.trial": trial.state})


def _best_so_far(tuned: Tuned) -> Mapping[int, float]:
    found: dict[int, float] = {}
    best = float("inf")
    for trial in tuned.trials:
        best = min(best, trial.loss) if np.isfinite(trial.loss) else best
        found[trial.number] = best
    return {number: loss for number, loss in found.items() if np.isfinite(loss)}


def settings_of(tuned: Tuned) -> dict[str, Any]:
    """What the search chose, as parameters of a run."""
    return {**{f"trees.{name}": value for name, value in tuned.parameters.items()}, "trees.n": tuned.n_trees}
