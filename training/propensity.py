"""Fitting the response model: the baseline on control rows, the effect on shown rows, then calibration and shrinkage.

Everything is chosen on validation rows, later than the training rows; then both models are fitted again on all of them.
Calibration and shrinkage stay those of the first fit, which had not seen the validation rows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships no types

from decisioning.errors import InvalidInputError
from training.blend import Blend
from training.blend_fit import BlendReport, Choice, Recipe, choose_blend, join, refit
from training.calibration import Calibration, choose_calibration
from training.encoding import TREATMENT_COLUMNS, Floats, Layout
from training.exposure import Evidence
from training.linear import LinearShape, Penalties
from training.logistic import log_odds, sigmoid
from training.metrics import Quality
from training.response import ResponseModel
from training.shrinkage import EffectRows, Shrinkage, fit_shrinkage
from training.specialist_fit import Lessons, SpecialistReport, Specialized, choose_specialists, refit_specialists
from training.trees import Rows
from training.tuning import Search

FEWEST_POSITIVES = 10
"""With fewer positives nothing can be learned."""
EFFECT_PENALTIES = Penalties(pooled=30.0, own=100.0)
"""An effect varies less between customers than a baseline."""


@dataclass(frozen=True, slots=True)
class PropensityReport:
    """How the model came to be and how good it is on validation rows.

    Parameters: `shown` and `not_shown`, quality of the two probabilities; `simple_shown`, of the logistic regression
    alone; `slope` and its standard error, how much of the uplift's spread was confirmed; `specialists`, why each action
    is served by a model of its own or by the pooled one.
    """

    effect: BlendReport
    baseline: BlendReport | None
    shown: Quality
    simple_shown: Quality
    not_shown: Quality | None
    shown_calibration: Calibration
    baseline_calibration: Calibration
    slope: float
    slope_error: float
    specialists: tuple[SpecialistReport, ...] = ()

    @property
    def seconds(self) -> float:
        """CPU seconds of tuning and of the first fits."""
        parts = [self.effect] + ([self.baseline] if self.baseline else [])
        return sum(part.tuning_seconds + part.fit_seconds for part in parts)


@dataclass(frozen=True, slots=True)
class _Baseline:
    """The baseline before and after the validation rows were learned."""

    first: Blend
    final: Blend
    choice: Choice
    calibration: Calibration


def fit_propensity(
    train: Evidence, validation: Evidence, *, layout: Layout, search: Search
) -> tuple[ResponseModel, PropensityReport]:
    """Fit the response model; the same rows, seed and settings give the same model, to the byte.

    Raises `InvalidInputError` where fewer than ten shown rows reached their aim, in training or in validation.
    """
    for name, part in (("training", train), ("validation", validation)):
        _check(part.shown, name)
    with threadpool_limits(limits=1):
        return _fit(train, validation, layout, search)


def _check(rows: Rows, name: str) -> None:
    positives = int(rows.label.sum())
    if min(positives, len(rows) - positives) < FEWEST_POSITIVES:
        raise InvalidInputError(
            f"{name} has {len(rows)} shown rows with {positives} positives; "
            f"at least {FEWEST_POSITIVES} of each are needed",
            code="too_little_data",
        )


def _fit(
    train: Evidence, validation: Evidence, layout: Layout, search: Search
) -> tuple[ResponseModel, PropensityReport]:
    shape = LinearShape(layout.columns, layout.position("action"), len(layout.actions.actions))
    quiet = _fit_baseline(train.control, validation.control, shape, layout, search)
    recipe = Recipe(shape, search, EFFECT_PENALTIES)
    known, later = (_lifted(part, quiet.first if quiet else None) for part in (train, validation))
    first = _first_effect(known, later, recipe, customers=(train.customers, validation.customers), layout=layout)
    lifted = _start(later) + first.margin(later.matrix)
    shown = choose_calibration(lifted, later.label)
    shrinkage = _shrinkage(validation, first, quiet, shown, layout)
    everything = join(*(_lifted(part, quiet.final if quiet else None) for part in (train, validation)))
    effect = refit(everything, recipe, first.choice)
    model = ResponseModel(
        layout=layout,
        baseline=quiet.final if quiet else None,
        effect=effect,
        baseline_calibration=quiet.calibration if quiet else Calibration(),
        shown_calibration=shown,
        shrinkage=shrinkage,
        seen=_seen(everything, layout),
        specialists=refit_specialists(_on_top(everything, effect), recipe, first.specialized),
    )
    simple = Blend(first.choice.blend.linear, None, 0.0)
    report = PropensityReport(
        effect=first.choice.report,
        baseline=quiet.choice.report if quiet else None,
        shown=Quality.of(later.label, shown.apply(lifted)),
        simple_shown=Quality.of(later.label, sigmoid(_start(later) + simple.margin(later.matrix))),
        not_shown=_quality(validation.control, quiet),
        shown_calibration=shown,
        baseline_calibration=model.baseline_calibration,
        slope=shrinkage.slope,
        slope_error=shrinkage.standard_error,
        specialists=first.specialized.reports,
    )
    return model, report


@dataclass(frozen=True, slots=True)
class _Effect:
    """The effect as fitted without the validation rows: the pooled model, and the specialists that those let serve."""

    choice: Choice
    specialized: Specialized

    def margin(self, matrix: Floats) -> Floats:
        """What showing adds, in log-odds (n,)."""
        return self.choice.blend.margin(matrix) + self.specialized.first.margin(matrix)


def _first_effect(
    known: Rows, later: Rows, recipe: Recipe, *, customers: tuple[NDArray[Any], NDArray[Any]], layout: Layout
) -> _Effect:
    choice = choose_blend(known, later, recipe)
    parts = zip((known, later), customers, strict=True)
    before, after = (Lessons(_on_top(rows, choice.blend), of) for rows, of in parts)
    return _Effect(choice, choose_specialists(before, after, recipe, actions=layout.actions.actions))


def _on_top(rows: Rows, pooled: Blend) -> Rows:
    """Rows that start from what the pooled model says of them."""
    return Rows(rows.matrix, rows.label, _start(rows) + pooled.margin(rows.matrix))


def _fit_baseline(
    train: Rows, validation: Rows, shape: LinearShape, layout: Layout, search: Search
) -> "_Baseline | None":
    if min(train.label.sum(), validation.label.sum()) < FEWEST_POSITIVES:
        return None
    hidden = tuple(layout.position(name) for name in TREATMENT_COLUMNS)
    recipe = Recipe(LinearShape(shape.columns, shape.action_column, shape.n_actions, hidden), search)
    choice = choose_blend(train, validation, recipe)
    final = refit(join(train, validation), recipe, choice)
    calibration = choose_calibration(choice.blend.margin(validation.matrix), validation.label)
    return _Baseline(choice.blend, final, choice, calibration)


def _lifted(evidence: Evidence, baseline: Blend | None) -> Rows:
    rows, stated = evidence.shown, log_odds(evidence.starting)
    if baseline is None:
        return Rows(rows.matrix, rows.label, stated)
    return Rows(rows.matrix, rows.label, np.where(evidence.organic, baseline.margin(rows.matrix), stated))


def _start(rows: Rows) -> Floats:
    return np.zeros(len(rows)) if rows.offset is None else rows.offset


def _shrinkage(
    validation: Evidence, effect: _Effect, quiet: "_Baseline | None", shown: Calibration, layout: Layout
) -> Shrinkage:
    n_actions = len(layout.actions.actions)
    if quiet is None:
        return Shrinkage(np.zeros(n_actions + 1), 0.0, float("nan"))
    organic = np.flatnonzero(validation.organic)
    rows = join(validation.shown.take(organic), validation.control)
    start = quiet.first.margin(rows.matrix)
    baseline = quiet.calibration.apply(start)
    effects = EffectRows(
        code=rows.matrix[:, layout.position("action")],
        shown=np.concatenate([np.ones(len(organic)), np.zeros(len(validation.control))]),
        outcome=rows.label,
        share=np.concatenate([validation.shown_share[organic], validation.control_share]),
        baseline=baseline,
        uplift=shown.apply(start + effect.margin(rows.matrix)) - baseline,
    )
    return fit_shrinkage(effects, n_actions=n_actions)


def _seen(rows: Rows, layout: Layout) -> dict[str, int]:
    codes = rows.matrix[:, layout.position("action")].astype(np.int64)
    counts = np.bincount(codes, minlength=len(layout.actions.actions))
    return {action: int(count) for action, count in zip(layout.actions.actions, counts, strict=False)}


def _quality(control: Rows, quiet: "_Baseline | None") -> Quality | None:
    if quiet is None:
        return None
    return Quality.of(control.label, quiet.calibration.apply(quiet.first.margin(control.matrix)))
