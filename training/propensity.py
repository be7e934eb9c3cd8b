"""Fitting the response model: the baseline on control rows, the effect on shown rows, then calibration and shrinkage.

Everything is chosen on validation rows, later than the training rows; then both models are fitted again on all of them.
Calibration stays that of the first fit, which had not seen the validation rows; so does shrinkage, but for the noise
that more rows take away.
"""

from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships no types

from decisioning.errors import InvalidInputError
from training.aside import Aside
from training.blend import Blend
from training.blend_fit import BlendReport, Choice, Recipe, choose_blend, refit
from training.calibration import Calibration
from training.constraints import Constraints
from training.encoding import Floats, Layout, Matrix
from training.exposure import Evidence
from training.ground import FEWEST_POSITIVES, FREE, Baseline, Ground, effect_rows, is_seen_anyway, prepare, start_of
from training.linear import LinearShape
from training.logistic import sigmoid
from training.metrics import Quality
from training.response import ResponseModel
from training.ridge import Penalties
from training.specialist_fit import Lessons, SpecialistReport, Specialized, choose_specialists, refit_specialists
from training.split_beside import SplitBeside, split_beside
from training.trees import Rows
from training.tuning import Search
from training.uplift.own_effect import OwnEffects
from training.uplift.own_fit import OwnChosen, OwnReport, OwnTried, Pairs, choose_own, not_tried, refit_own, try_own

EFFECT_PENALTIES = Penalties(pooled=30.0, own=30.0, rounds=2)
"""An effect varies less between customers than a baseline, and as much between actions as between customers."""


@dataclass(frozen=True, slots=True)
class PropensityReport:
    """How the model came to be and how good it is on validation rows.

    Parameters: `shown` and `not_shown`, quality of the two probabilities; `simple_shown`, of the logistic regression
    alone; `slope` and its standard error, how much of the uplift's spread was confirmed, as the first fit had it;
    `split`, the pooled model by time and by chance; `specialists`, why each action is served by a model of its own or
    by the pooled one; `own_effects`, the same of its uplift.
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
    split: SplitBeside
    specialists: tuple[SpecialistReport, ...] = ()
    own_effects: tuple[OwnReport, ...] = ()

    @property
    def seconds(self) -> float:
        """CPU seconds of tuning and of the first fits."""
        parts = [self.effect] + ([self.baseline] if self.baseline else [])
        return sum(part.tuning_seconds + part.fit_seconds for part in parts)


def fit_propensity(
    train: Evidence, validation: Evidence, *, layout: Layout, search: Search, constraints: Constraints = FREE
) -> tuple[ResponseModel, PropensityReport]:
    """Fit the response model; the same rows, seed and settings give the same model, to the byte.

    Every part of it keeps to the constraints, and so does their sum, the propensity. Learners of single actions'
    effects do not, and are not tried where there are any.

    Raises `InvalidInputError` where fewer than ten shown rows reached their aim, in training or in validation.
    """
    for name, part in (("training", train), ("validation", validation)):
        _check(part.shown, name)
    with threadpool_limits(limits=1), Aside() as aside:
        within = search.within(constraints, len(layout.columns))
        return _fit(train, validation, layout, within, constraints, aside)


def _check(rows: Rows, name: str) -> None:
    positives = int(rows.label.sum())
    if min(positives, len(rows) - positives) < FEWEST_POSITIVES:
        raise InvalidInputError(
            f"{name} has {len(rows)} shown rows with {positives} positives; "
            f"at least {FEWEST_POSITIVES} of each are needed",
            code="too_little_data",
        )


def _fit(
    train: Evidence, validation: Evidence, layout: Layout, search: Search, constraints: Constraints, aside: Aside
) -> tuple[ResponseModel, PropensityReport]:
    pairs = Pairs(train, layout), Pairs(validation, layout)
    seen_anyway = is_seen_anyway(train.control, validation.control)
    tried = try_own(*pairs, seed=search.seed, aside=aside) if seen_anyway and not constraints else None
    ground = prepare(train, validation, layout=layout, search=search, constraints=constraints)
    recipe = Recipe(bent(ground.shape), search.of("effect"), EFFECT_PENALTIES)
    customers = (train.customers, validation.customers)
    first = _first_effect(ground.train, ground.later, recipe, customers=customers, layout=layout)
    effect = refit(ground.everything, recipe, first.choice)
    own = refit_specialists(_on_top(ground.everything, effect), recipe, first.specialized)
    found = ground.finish(first, effect, specialists=own)
    chosen, own_effects = _own_effects(tried, pairs, ground, first, found, seed=search.seed)
    later, quiet = ground.later, ground.quiet
    simple = Blend(first.choice.blend.linear, None, 0.0)
    report = PropensityReport(
        effect=first.choice.report,
        baseline=quiet.choice.report if quiet else None,
        shown=Quality.of(later.label, found.shown_calibration.apply(start_of(later) + first.margin(later.matrix))),
        simple_shown=Quality.of(later.label, sigmoid(start_of(later) + simple.margin(later.matrix))),
        not_shown=_quality(validation.control, quiet),
        shown_calibration=found.shown_calibration,
        baseline_calibration=found.baseline_calibration,
        slope=found.shrinkage.slope,
        slope_error=found.shrinkage.standard_error,
        split=split_beside(ground.everything, later, recipe, first.choice),
        specialists=first.specialized.reports,
        own_effects=not_tried(layout.actions.actions) if constraints else chosen.reports,
    )
    shrinkage = found.shrinkage.learned_again(len(ground.train) / len(ground.everything))
    return replace(found, shrinkage=shrinkage, own_effects=own_effects), report


def bent(shape: LinearShape) -> LinearShape:
    """Effects that may begin, end or turn at a feature's median, in place of steps: nothing jumps for a customer."""
    return replace(shape, quantiles=(), bent=True)


def _own_effects(
    tried: OwnTried | None,
    pairs: tuple[Pairs, Pairs],
    ground: Ground,
    first: "_Effect",
    found: ResponseModel,
    *,
    seed: int,
) -> tuple[OwnChosen, OwnEffects]:
    """Learners of effects against the pooled model's uplift, as it was before it saw the validation rows."""
    if tried is None or ground.quiet is None:
        return OwnChosen({}, ()), OwnEffects()
    rows = effect_rows(ground.evidence, first, ground.quiet, found.shown_calibration, ground.layout)
    pooled = replace(rows, uplift=found.shrinkage.apply(rows.uplift, rows.code))
    chosen = choose_own(tried, pooled)
    return chosen, refit_own(*pairs, chosen, seed=seed)


@dataclass(frozen=True, slots=True)
class _Effect:
    """The effect as fitted without the validation rows: the pooled model, and the specialists that those let serve."""

    choice: Choice
    specialized: Specialized

    def margin(self, matrix: Matrix) -> Floats:
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
    return rows.on(start_of(rows) + pooled.margin(rows.matrix))


def _quality(control: Rows, quiet: Baseline | None) -> Quality | None:
    if quiet is None:
        return None
    return Quality.of(control.label, quiet.calibration.apply(quiet.first.margin(control.matrix)))
