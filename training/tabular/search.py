"""Where Optuna looks for the trees of a table: from four leaves to sixty-three, and as many trees as still help."""

from typing import Any

import optuna

from training.search_space import FIXED, Space
from training.tabular.candidate import PRESET

MOST_TREES = 400


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """One point of the space."""
    return {
        **FIXED,
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.1, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 63, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 10, 200, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.3, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 50.0, log=True),
    }


TABLE_SPACE = Space(
    suggest, {name: PRESET.parameters[name] for name in PRESET.parameters if name not in FIXED}, MOST_TREES
)
"""The preset is the first trial."""
