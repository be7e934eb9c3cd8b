"""Fitting a specialist for every action with evidence of its own, and letting later decisions say which of them serve.

A specialist is learned from its action's training rows, on top of the pooled model of the same time, and judged on its
validation rows, of which it saw none: it serves only where its mean log loss is surely below the pooled model's, rows
of one customer counted together. The pooled model chose its trees on those very rows: ties go to it. The chance of one
false specialist is shared out over all the actions that are tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.blend import Blend
from training.blend_fit import Choice, Recipe, choose_blend, refit
from training.bootstrap import mean_by_customer
from training.logistic import sigmoid
from training.metrics import log_losses
from training.ridge import Penalties
from training.specialists import Specialists
from training.trees import Rows

FEWEST_SHOWN = 400
"""Training rows of an action below which the pooled model serves it."""
FEWEST_POSITIVES = 20
"""Of either label, in training; half as many in validation."""
LEARNED_FIRST = 0.75
"""The first share of an action's training rows is learned while the rest chooses when to stop."""
ONE_FALSE = 0.05
"""The chance that any specialist serves that is no better than the pooled model."""
OWN_PENALTIES = Penalties(pooled=100.0, own=1e6)
"""Its rows have one action: a deviation of that action from itself is held at nothing."""


@dataclass(frozen=True, slots=True)
class SpecialistReport:
    """Why an action is served by a model of its own, or by the pooled one.

    Parameters: `learned` and `judged`, shown rows; `extra_loss`, the specialist's mean log loss less the pooled model's
    on the judged rows, and its standard error (NaN where none was fitted).
    """

    action: str
    serves: bool
    reason: str
    learned: int
    judged: int
    extra_loss: float = float("nan")
    standard_error: float = float("nan")


@dataclass(frozen=True, slots=True)
class Lessons:
    """Rows of all actions with what the pooled model says of them as offset, and whose they are, (n,)."""

    rows: Rows
    customers: NDArray[Any]

    def of(self, code: int, action_column: int) -> "Lessons":
        """The rows of one action."""
        mine = np.flatnonzero(self.rows.matrix[:, action_column] == code)
        return Lessons(self.rows.take(mine), self.customers[mine])

    def count(self, code: int, action_column: int) -> "Count":
        """How many rows of one action there are."""
        label = self.rows.label[self.rows.matrix[:, action_column] == code]
        positives = int(label.sum())
        return Count(len(label), min(positives, len(label) - positives))


class Count(NamedTuple):
    """Shown rows of one action, and how often the rarer answer is among them."""

    shown: int
    rarer: int


@dataclass(frozen=True, slots=True)
class Specialized:
    """What became of the specialists.

    Parameters: `first`, those that serve, as fitted without the validation rows; `choices`, how to fit them again, by
    action code; `reports`, one for each action.
    """

    first: Specialists
    choices: dict[int, Choice]
    reports: tuple[SpecialistReport, ...]


def choose_specialists(train: Lessons, validation: Lessons, recipe: Recipe, *, actions: Sequence[str]) -> Specialized:
    """Try a specialist for every action; `actions` are their names in the order of their codes."""
    own, column = _own(recipe), recipe.shape.action_column
    counts = [(train.count(code, column), validation.count(code, column)) for code in range(len(actions))]
    tried = [code for code, (known, later) in enumerate(counts) if _enough(known, later)]
    sure = NormalDist().inv_cdf(1 - ONE_FALSE / max(len(tried), 1))
    found: dict[int, tuple[Blend, Choice]] = {}
    reports = [_too_few(name, *each) for name, each in zip(actions, counts, strict=True)]
    for code in tried:
        known, later = train.of(code, column), validation.of(code, column)
        blend, choice = _fitted(known.rows, own)
        reports[code] = _judged(actions[code], blend, known, later, sure=sure)
        if reports[code].serves:
            found[code] = blend, choice
    first = Specialists({code: blend for code, (blend, _) in found.items()}, column)
    return Specialized(first, {code: choice for code, (_, choice) in found.items()}, tuple(reports))


def refit_specialists(rows: Rows, recipe: Recipe, chosen: Specialized) -> Specialists:
    """Fit those that serve again, on rows whose offsets are what the final pooled model says."""
    own, column = _own(recipe), recipe.shape.action_column
    mine = {code: rows.take(np.flatnonzero(rows.matrix[:, column] == code)) for code in chosen.choices}
    return Specialists({code: refit(mine[code], own, choice) for code, choice in chosen.choices.items()}, column)


def _own(recipe: Recipe) -> Recipe:
    """One trial, the preset, kept nowhere: an action's rows are too few to choose among many settings."""
    shape = replace(recipe.shape, quantiles=())
    return Recipe(shape, replace(recipe.search, trials=1, studies=None), OWN_PENALTIES)


def _enough(known: Count, later: Count) -> bool:
    return known.shown >= FEWEST_SHOWN and known.rarer >= FEWEST_POSITIVES and later.rarer >= FEWEST_POSITIVES // 2


def _too_few(action: str, known: Count, later: Count) -> SpecialistReport:
    reason = (
        f"the pooled model serves: shown {known.shown:,} times with {known.rarer:,} of the rarer answer, later "
        f"{later.rarer:,}; a model of its own needs {FEWEST_SHOWN}, {FEWEST_POSITIVES} and {FEWEST_POSITIVES // 2}"
    )
    return SpecialistReport(action, serves=False, reason=reason, learned=known.shown, judged=later.shown)


def _fitted(rows: Rows, own: Recipe) -> tuple[Blend, Choice]:
    """A specialist of all training rows, with settings that their last quarter chose."""
    cut = int(len(rows) * LEARNED_FIRST)
    choice = choose_blend(rows.take(slice(0, cut)), rows.take(slice(cut, None)), own)
    return refit(rows, own, choice), choice


def _judged(action: str, blend: Blend, known: Lessons, later: Lessons, *, sure: float) -> SpecialistReport:
    rows = later.rows
    start = np.zeros(len(rows)) if rows.offset is None else rows.offset
    own, pooled = (log_losses(rows.label, sigmoid(start + more)) for more in (blend.margin(rows.matrix), 0.0))
    extra, error = mean_by_customer(own - pooled, later.customers)
    serves = extra + sure * error < 0
    verb = "its own model serves" if serves else "the pooled model serves: its own is not surely better"
    reason = f"{verb}; log loss {extra:+.5f} ± {error:.5f} on {len(rows):,} later rows"
    return SpecialistReport(action, bool(serves), reason, len(known.rows), len(rows), extra, error)
