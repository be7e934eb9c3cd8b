"""Where Optuna looks for tree settings: small trees, strong penalties; the preset is always the first trial."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna

PRESET: Mapping[str, float | int] = {
    "learning_rate": 0.06,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "lambda_l2": 10.0,
}
"""Written before any score was seen; what a search must beat."""
FIXED: Mapping[str, int] = {"bagging_freq": 1}
MOST_TREES = 150
MOST_LEAVES = 31


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """One point of the space."""
    return {
        **FIXED,
        "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.2, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, MOST_LEAVES, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 20, 400, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.3, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 100.0, log=True),
    }


@dataclass(frozen=True, slots=True)
class Space:
    """Where to look, and where to look first.

    Parameters: `suggest`, one point; `preset`, the first trial; `most_trees` of a trial.
    """

    suggest: Callable[[optuna.Trial], dict[str, Any]] = suggest
    preset: Mapping[str, float | int] = field(default_factory=lambda: PRESET)
    most_trees: int = MOST_TREES
