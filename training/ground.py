"""The ground that effects are learned on: what would happen anyway, and the shown rows on top of it."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from training.blend import Blend
from training.blend_fit import Choice, Recipe, choose_blend, refit
from training.by_action import information, seen
from training.calibration import Calibration, choose_calibration
from training.constraints import Constraints
from training.encoding import TREATMENT_COLUMNS, Floats, Layout, Matrix
from training.exposure import Evidence
from training.linear import LinearShape
from training.logistic import log_odds
from training.response import ResponseModel
from training.shrinkage import EffectRows, Shrinkage, fit_shrinkage
from training.specialists import Specialists
from training.trees import Rows
from training.tuning import Search

FEWEST_POSITIVES = 10
"""With fewer positives nothing can be learned."""
MOST_LOOKED_AT = 16_000
"""Rows, evenly spread, that say how columns are expanded: their terciles and scales move little with more."""
NOBODY = Specialists()
FREE = Constraints()


@dataclass(frozen=True, slots=True)
class Baseline:
    """The baseline before and after the validation rows were learned."""

    first: Blend
    final: Blend
    choice: Choice
    calibration: Calibration


class Margin(Protocol):
    """Whatever says what showing adds."""

    def margin(self, matrix: Matrix) -> Floats:
        """In log-odds (n,) of rows (n, n_columns)."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What an effect is learned on: the shown rows, whose offset is what would happen anyway.

    Parameters: `quiet`, the baseline of actions whose aim is also seen where they are not shown; `evidence`, the later
    part; `train` and `later`, the shown rows on top of the baseline that saw the training part only; `everything`, both
    on top of the one that saw both.
    """

    layout: Layout
    shape: LinearShape
    quiet: Baseline | None
    evidence: Evidence
    train: Rows
    later: Rows
    everything: Rows

    def finish(self, effect: Margin, final: Blend, *, specialists: Specialists = NOBODY) -> ResponseModel:
        """The response model of an effect.

        Parameters: `effect`, learned from `train`, by which calibration and shrinkage are chosen on the later rows;
        `final` and `specialists`, what serves: the same, or learned again from `everything`.
        """
        lifted = start_of(self.later) + effect.margin(self.later.matrix)
        shown = choose_calibration(lifted, self.later.label)
        return ResponseModel(
            layout=self.layout,
            baseline=self.quiet.final if self.quiet else None,
            effect=final,
            baseline_calibration=self.quiet.calibration if self.quiet else Calibration(),
            shown_calibration=shown,
            shrinkage=_shrinkage(self.evidence, effect, self.quiet, shown, self.layout),
            seen=seen(self.everything, self.layout),
            specialists=specialists,
            information=information(self.everything, self.layout),
        )


def prepare(
    train: Evidence, validation: Evidence, *, layout: Layout, search: Search, constraints: Constraints = FREE
) -> Ground:
    """Learn what would happen anyway, and put the shown rows on top of it.

    Parameters: `constraints` of the linear models; `search` has those of the trees (`Search.within`).
    """
    actions = layout.position("action"), len(layout.actions.actions)
    shape = LinearShape(layout.columns, *actions, looked_at=MOST_LOOKED_AT, plain=True, signs=constraints.signs)
    quiet = _fit_baseline(train.control, validation.control, shape, layout, search)
    first, final = (quiet.first, quiet.final) if quiet else (None, None)
    return Ground(
        layout=layout,
        shape=shape,
        quiet=quiet,
        evidence=validation,
        train=_lifted(train, first),
        later=_lifted(validation, first),
        everything=_lifted(train, final).join(_lifted(validation, final)),
    )


def _fit_baseline(train: Rows, validation: Rows, shape: LinearShape, layout: Layout, search: Search) -> Baseline | None:
    if not is_seen_anyway(train, validation):
        return None
    hidden = tuple(layout.position(name) for name in TREATMENT_COLUMNS)
    recipe = Recipe(replace(shape, ignore=hidden), search.of("baseline"))
    choice = choose_blend(train, validation, recipe)
    calibration = choose_calibration(choice.blend.margin(validation.matrix), validation.label)
    return Baseline(choice.blend, refit(train.join(validation), recipe, choice), choice, calibration)


def is_seen_anyway(train: Rows, validation: Rows) -> bool:
    """Whether aims are reached often enough where nothing was shown."""
    return min(float(train.label.sum()), float(validation.label.sum())) >= FEWEST_POSITIVES


def _lifted(evidence: Evidence, baseline: Blend | None) -> Rows:
    rows, stated = evidence.shown, log_odds(evidence.starting)
    if baseline is None:
        return rows.on(stated)
    return rows.on(np.where(evidence.organic, baseline.margin(rows.matrix), stated))


def start_of(rows: Rows) -> Floats:
    """The log-odds (n,) that rows start from."""
    return np.zeros(len(rows)) if rows.offset is None else rows.offset


def _shrinkage(
    validation: Evidence, effect: Margin, quiet: Baseline | None, shown: Calibration, layout: Layout
) -> Shrinkage:
    n_actions = len(layout.actions.actions)
    if quiet is None:
        return Shrinkage(np.zeros(n_actions + 1), 0.0, float("nan"))
    return fit_shrinkage(effect_rows(validation, effect, quiet, shown, layout), n_actions=n_actions)


def effect_rows(
    validation: Evidence, effect: Margin, quiet: Baseline, shown: Calibration, layout: Layout
) -> EffectRows:
    """The later rows as shrinkage and learners of single actions look at them: what came, and what was expected."""
    organic = np.flatnonzero(validation.organic)
    rows = validation.shown.take(organic).join(validation.control)
    start = quiet.first.margin(rows.matrix)
    baseline = quiet.calibration.apply(start)
    return EffectRows(
        code=rows.matrix[:, layout.position("action")].astype(np.float64),
        shown=np.concatenate([np.ones(len(organic)), np.zeros(len(validation.control))]),
        outcome=rows.label,
        share=np.concatenate([validation.shown_share[organic], validation.control_share]),
        baseline=baseline,
        uplift=shown.apply(start + effect.margin(rows.matrix)) - baseline,
    )
