"""What stands beside our automated models: the peers of quality.md, part C, with their own libraries and settings."""

from collections.abc import Callable, Mapping
from typing import Any

import lightgbm
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, StandardScaler

from training.encoding import FeatureColumn, Floats, Matrix
from training.trees import Rows

Fitted = Callable[[Matrix], Floats]
"""Probabilities (n,) of a matrix (n, n_columns)."""
PRESET = {
    "learning_rate": 0.03,
    "n_estimators": 250,
    "num_leaves": 8,
    "min_child_samples": 40,
    "colsample_bytree": 0.5,
    "subsample": 0.7,
    "subsample_freq": 1,
    "reg_lambda": 5.0,
}


def peers(columns: tuple[FeatureColumn, ...]) -> Mapping[str, Callable[[Rows], Fitted]]:
    """Every peer by name: what fits it."""
    numbers = [place for place, column in enumerate(columns) if column.kind == "number"]
    words = [place for place, column in enumerate(columns) if column.kind == "category"]
    spread = OneHotEncoder(handle_unknown="ignore")
    steps = KBinsDiscretizer(10, encode="onehot", strategy="quantile", quantile_method="averaged_inverted_cdf")
    both = make_union(StandardScaler(), steps)
    return {
        "logistic": lambda rows: _logistic(rows, StandardScaler(), spread, numbers, words),
        "binned logistic": lambda rows: _logistic(rows, both, spread, numbers, words),
        "LightGBM default": lambda rows: _trees(rows, words, {}),
        "LightGBM preset": lambda rows: _trees(rows, words, PRESET),
        "sklearn HGB": _histograms,
    }


def _logistic(rows: Rows, of_numbers: Any, of_words: Any, numbers: list[int], words: list[int]) -> Fitted:
    filled = FunctionTransformer(np.nan_to_num)
    columns = make_column_transformer((make_pipeline(filled, of_numbers), numbers), (of_words, words))
    model = make_pipeline(columns, LogisticRegression(max_iter=2000)).fit(rows.matrix, rows.label)
    return lambda matrix: np.asarray(model.predict_proba(matrix)[:, 1])


def _trees(rows: Rows, words: list[int], settings: Mapping[str, Any]) -> Fitted:
    model = lightgbm.LGBMClassifier(**settings, n_jobs=1, random_state=7, verbosity=-1)
    model.fit(rows.matrix, rows.label, categorical_feature=words)
    return lambda matrix: np.asarray(model.booster_.predict(matrix, num_threads=1))


def _histograms(rows: Rows) -> Fitted:
    model = HistGradientBoostingClassifier(random_state=0).fit(rows.matrix, rows.label)
    return lambda matrix: np.asarray(model.predict_proba(matrix)[:, 1])
