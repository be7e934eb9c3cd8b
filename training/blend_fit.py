"""Fitting a blend: tune the trees, fit the simple model beside them, let later rows choose, refit on everything."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, sqrt
from time import process_time

import numpy as np

from training.blend import Blend, levels
from training.encoding import Floats
from training.linear import WORK, LinearShape, fit_linear
from training.logistic import fit_logistic, sigmoid
from training.metrics import log_losses
from training.pool import without
from training.ridge import Penalties
from training.trees import Rows, Trees, fit_trees
from training.tuning import Search, Tuned, spread_sample, tune

WEIGHTS = (0.0, 0.5, 1.0)
"""Shares of the trees that are tried, the simplest first: it wins ties."""
CONVINCING = 1e-4
"""A heavier share of trees must lower the log loss by this share to be chosen, and surely:"""
SURE = 1.645
"""by so many standard errors (one-sided, 5 %)."""
MOST_LINEAR_ROWS, LINEAR_CELLS = 60_000, 15_000_000
"""A logistic regression is fitted on an even sample of at most so many rows, or cells (rows × columns) where rows are
narrow, or `WORK` where they are narrower still."""


@dataclass(frozen=True, slots=True)
class BlendReport:
    """How a blend came to be: the search; log losses on validation rows by weight of the trees; CPU seconds."""

    tuned: Tuned
    losses: dict[float, float]
    weight: float
    tuning_seconds: float
    fit_seconds: float


PLAIN = Penalties()


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to fit and how hard to look."""

    shape: LinearShape
    search: Search
    penalties: Penalties = PLAIN

    @property
    def categorical(self) -> list[int]:
        """Positions of the categories."""
        return [i for i, column in enumerate(self.shape.columns) if column.kind == "category"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What later rows chose: the blend as fitted without them, and how to fit it again."""

    blend: Blend
    report: BlendReport


def choose_blend(train: Rows, validation: Rows, recipe: Recipe) -> Choice:
    """Fit on `train` and choose tree settings and weight on `validation`; both are in order of time.

    Rows with an offset learn what must be added to it.
    """
    begin = process_time()
    visible, later = _hide(train, recipe), _hide(validation, recipe)
    level = _levels(visible, recipe)
    tuned = tune(_lift(visible, level, recipe), _lift(later, level, recipe), recipe.categorical, search=recipe.search)
    searched = process_time()
    both = _fit(visible, recipe, tuned)
    losses = _losses(both, validation)
    weight = simplest(losses)
    means = {share: float(each.mean()) for share, each in losses.items()}
    report = BlendReport(tuned, means, weight, searched - begin, process_time() - searched)
    return Choice(_weighted(both, weight), report)


def refit(rows: Rows, recipe: Recipe, choice: Choice) -> Blend:
    """Fit again with what was chosen, on rows that may now include the later ones."""
    return _weighted(
        _fit(_hide(rows, recipe), recipe, choice.report.tuned, weight=choice.report.weight), choice.report.weight
    )


def _fit(rows: Rows, recipe: Recipe, tuned: Tuned, *, weight: float = 1.0) -> Blend:
    level = _levels(rows, recipe)
    trees = _grow(_lift(rows, level, recipe), recipe, tuned) if weight > 0 else None
    width = rows.matrix.shape[1]
    some = spread_sample(rows, max(MOST_LINEAR_ROWS, LINEAR_CELLS // width, WORK // width**2))
    linear = fit_linear(some.matrix, some.label, shape=recipe.shape, penalties=recipe.penalties, offset=some.offset)
    return Blend(linear, trees, weight, level)


def _grow(rows: Rows, recipe: Recipe, tuned: Tuned) -> Trees:
    seed = recipe.search.seed
    return fit_trees(rows, tuned.parameters, n_trees=tuned.n_trees, categorical=recipe.categorical, seed=seed)


def _weighted(blend: Blend, weight: float) -> Blend:
    return Blend(blend.linear, blend.trees if weight > 0 else None, weight, blend.level)


def _hide(rows: Rows, recipe: Recipe) -> Rows:
    """The rows as trees may see them; a pool may have hidden those columns already."""
    hidden = recipe.shape.ignore
    if not hidden or (rows.pool is not None and set(rows.pool.hidden) == set(hidden)):
        return rows
    return Rows(without(rows.matrix, hidden), rows.label, rows.offset)


def _levels(rows: Rows, recipe: Recipe) -> Floats:
    """Each action's own intercept on top of the offset, drawn toward the common one by two imagined rows or so."""
    if rows.offset is None:
        return np.zeros(0)
    ones = np.ones((len(rows), 1))
    common = fit_logistic(ones, rows.label, penalty=np.full(1, 1e-6), offset=rows.offset)[0]
    out = np.full(recipe.shape.n_actions + 1, common)
    for code in range(recipe.shape.n_actions):
        own = rows.take(np.flatnonzero(rows.matrix[:, recipe.shape.action_column] == code))
        start = common if own.offset is None else own.offset + common
        out[code] += fit_logistic(np.ones((len(own), 1)), own.label, penalty=np.ones(1), offset=start)[0]
    return out


def _lift(rows: Rows, level: Floats, recipe: Recipe) -> Rows:
    if rows.offset is None:
        return rows
    return rows.on(rows.offset + levels(level, rows.matrix[:, recipe.shape.action_column]))


def _losses(both: Blend, rows: Rows) -> dict[float, Floats]:
    """The log loss of each row by weight of the trees; both parts are asked once."""
    start = 0.0 if rows.offset is None else rows.offset
    linear, grown = (_weighted(both, weight).margin(rows.matrix) for weight in (0.0, 1.0))
    margins = {weight: (1.0 - weight) * linear + weight * grown for weight in WEIGHTS}
    return {weight: log_losses(rows.label, sigmoid(margin + start)) for weight, margin in margins.items()}


def simplest(losses: Mapping[float, Floats]) -> float:
    """The least weight of the trees that none heavier surely betters. Parameters: `losses` of the same rows, by weight.

    >>> even = np.array([0.5, 0.6, 0.4, 0.5])
    >>> simplest({0.0: even, 0.5: even - [0.1, -0.1, 0.1, -0.05], 1.0: even - [0.03, 0.02, 0.03, 0.02]})
    1.0
    """
    weights = sorted(losses)
    best = weights[0]
    for weight in weights[1:]:
        gained = losses[best] - losses[weight]
        sure = SURE * gained.std(ddof=1) / sqrt(len(gained)) if len(gained) > 1 else inf
        if gained.mean() > max(CONVINCING * losses[best].mean(), sure):
            best = weight
    return best
