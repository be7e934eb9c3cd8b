"""What is tried on any table: logistic regressions, four settings of trees, and blends of both, the simplest first.

Where rows have an order in time, one more, the steady one: a logistic regression of what differs between rows of one
time (every block of time has a level of its own, so that a trend explains nothing by passing), averaged over draws of
the columns, so that none of them carries it alone when its meaning changes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.constraints import Constraints
from training.encoding import FeatureColumn, Floats, Matrix
from training.linear import Linear, LinearShape, fit_linear
from training.logistic import fit_logistic, log_odds
from training.ridge import Penalties
from training.tabular.folds import blocks
from training.tabular.mixture import Mixture, Model
from training.trees import Rows, Trees, fit_trees

DECILES = tuple(step / 10 for step in range(1, 10))
QUANTILES: Mapping[str, tuple[float, ...]] = {"logistic": (), "binned": DECILES}
"""Where each logistic regression cuts the numbers into steps."""
PENALTY = Penalties(pooled=3.0)
N_DRAWS = 8
LEFT_OUT = 0.15
"""Of the columns, the share that each draw leaves out."""
N_LEVELS = 20
"""Blocks of time that have a level of their own."""
TURNS = 2


@dataclass(frozen=True, slots=True)
class TreeSettings:
    """Settings of LightGBM and how many trees it grows; `by_code`: categories are cut as numbers are, not grouped."""

    parameters: Mapping[str, Any]
    n_trees: int
    by_code: bool = False


DEFAULT = TreeSettings({"learning_rate": 0.1, "num_leaves": 31, "min_data_in_leaf": 20}, 100)
"""LightGBM's own."""
PRESET = TreeSettings(
    {
        "learning_rate": 0.03,
        "num_leaves": 8,
        "min_data_in_leaf": 40,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
    },
    250,
)
"""Small, slow trees: written before any score was seen."""
DEEP = TreeSettings({**PRESET.parameters, "num_leaves": 16, "feature_fraction": 0.3}, 250, by_code=True)
"""Trees of twice the leaves that see few columns at a time: for many rows."""
SETTINGS: Mapping[str, TreeSettings] = {"default": DEFAULT, "preset": PRESET, "deep": DEEP}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model that is tried. Parameters: `parts`, models of which it is the mean.

    >>> Candidate(("binned", "preset")).name
    'binned + preset'
    """

    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its parts."""
        return " + ".join(self.parts)

    @classmethod
    def named(cls, name: str) -> "Candidate":
        """The candidate of that name."""
        return cls(tuple(name.split(" + ")))


_TRIED = (
    "logistic",
    "binned",
    "default",
    "preset",
    "tuned",
    "binned + preset",
    "binned + tuned",
    "preset + tuned",
    "binned + default + preset",
    "binned + preset + tuned",
)
_USUAL = ("logistic", "binned + preset")
"""The simplest, and the mean of a simple model and small trees: two kinds that err differently."""
_TRIED_AT_RANDOM = ("deep", "binned + deep", "preset + deep", "deep + tuned", "binned + preset + deep")
_TRIED_IN_TIME = ("steady", "steady + preset", "logistic + binned + preset")
CANDIDATES = tuple(map(Candidate.named, dict.fromkeys((*_USUAL, *_TRIED, *_TRIED_AT_RANDOM))))
"""The simplest first: it wins ties. Then the usual mean, and everything else, which must be surely better."""
CANDIDATES_IN_TIME = tuple(map(Candidate.named, (*_TRIED_IN_TIME, *_TRIED)))
"""What is tried where rows have an order in time: there the steady one must be beaten."""


@dataclass(frozen=True)
class Workshop:
    """Fits the parts of candidates over one kind of matrix.

    Parameters: `columns` of the matrix; `settings` of trees by name; `constraints`; `seed`.
    """

    columns: Sequence[FeatureColumn]
    settings: Mapping[str, TreeSettings]
    constraints: Constraints
    seed: int

    @property
    def categorical(self) -> list[int]:
        """Positions of the categories."""
        return [place for place, column in enumerate(self.columns) if column.kind == "category"]

    def part(self, rows: Rows, name: str) -> list[Model]:
        """The models of one part of a candidate."""
        if name in QUANTILES:
            return [self._linear(rows, name)]
        if name == "steady":
            return list(self._steady(rows))
        return [self._trees(rows, self.settings[name])]

    def fit(self, rows: Rows, candidate: Candidate) -> Mixture:
        """A candidate on these rows: the mean of its parts."""
        parts = [self.part(rows, name) for name in candidate.parts]
        weights = tuple(1.0 / len(parts) / len(part) for part in parts for _ in part)
        return Mixture(tuple(model for part in parts for model in part), weights)

    def _linear(self, rows: Rows, name: str, *, ignore: Sequence[int] = ()) -> Linear:
        signs = self.constraints.signs
        shape = LinearShape(self.columns, 0, 0, ignore=ignore, quantiles=QUANTILES[name], signs=signs)
        return fit_linear(rows.matrix, rows.label, shape=shape, penalties=PENALTY, offset=rows.offset)

    def _steady(self, rows: Rows) -> Iterator[Linear]:
        level = self._level(rows)
        for ignored in self._draws():
            found = self._linear(Rows(rows.matrix, rows.label, level), "logistic", ignore=ignored)
            found.pooled[0] += level[-1]
            yield found

    def _level(self, rows: Rows) -> Floats:
        """The level (n,) of each row's block, what columns explain within blocks taken out; by turns."""
        parts = blocks(len(rows), N_LEVELS)
        level = np.concatenate([np.full(len(rows.label[p]), log_odds(rows.label[p].mean())) for p in parts])
        for _ in range(TURNS):
            margin = self._linear(Rows(rows.matrix, rows.label, level), "logistic").margin(rows.matrix)
            level = np.concatenate([np.full(len(margin[p]), _shift(margin[p], rows.label[p])) for p in parts])
        return level

    def _draws(self) -> list[list[int]]:
        rng, n = np.random.default_rng(self.seed), len(self.columns)
        n_left_out = min(max(round(n * LEFT_OUT), 1), n - 1)
        return [sorted(rng.choice(n, n_left_out, replace=False).tolist()) for _ in range(N_DRAWS)]

    def _trees(self, rows: Rows, wanted: TreeSettings) -> Trees:
        parameters = {**wanted.parameters, **self.constraints.settings(len(self.columns))}
        categorical = [] if wanted.by_code else self.categorical
        return fit_trees(rows, parameters, n_trees=wanted.n_trees, categorical=categorical, seed=self.seed)


def _shift(margin: Floats, label: Floats) -> float:
    ones, held = np.ones((len(label), 1)), np.ones(1)
    return float(fit_logistic(ones, label, penalty=held, offset=margin, iterations=25)[0])


def margins(workshop: Workshop, learned: Rows, judged: Matrix, candidates: Sequence[Candidate]) -> dict[str, Floats]:
    """Log-odds (n,) of rows (n, n_columns) by every candidate; each part is fitted once."""
    names = sorted({part for candidate in candidates for part in candidate.parts})
    parts = {name: Mixture.of(workshop.part(learned, name)).margin(judged) for name in names}
    return {c.name: np.mean([parts[part] for part in c.parts], axis=0) for c in candidates}
