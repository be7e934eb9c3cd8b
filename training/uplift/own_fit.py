"""Learners of effects as candidates for an action's uplift, where the log has randomised evidence of it.

Rows are decisions at which the action was shown and at which it was eligible and not listed, with the probability of
either. T-, X- and doubly robust learners are cross-fitted by customer, each drawn toward the action's average effect as
far as customers that it had not seen say; the best of them serves only where on later rows, of which it saw none, its
R-loss is surely below that of the pooled model's uplift, rows of one customer counted together. Ties go to the pooled
model. The chance of one false learner is shared out over all the actions that are tried.

Nie and Wager: Quasi-oracle estimation of heterogeneous treatment effects, 2021.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np

from training.aside import Aside, Later
from training.bootstrap import mean_by_customer
from training.encoding import TREATMENT_COLUMNS, Floats, Layout
from training.exposure import Evidence
from training.pool import Places
from training.shrinkage import EffectRows
from training.uplift.calibrated import Calibrated
from training.uplift.contest import Care, bagged, gather
from training.uplift.effects import Effects
from training.uplift.learner import Learner, dr_learner, t_learner, x_learner
from training.uplift.lesson import Lesson
from training.uplift.own_effect import SHOWN, OwnEffects

CANDIDATES: Mapping[str, Learner] = {"T": t_learner, "X": x_learner, "DR": dr_learner}
FOLDS = 2
MOST_ROWS = 8_000
"""Rows of an action that are learned from: an even sample bounds what a retraining costs."""
FEWEST_RANDOM = 500.0
"""Rows of an action that chance decided: one shown or not with even chances counts 1, a sure one 0."""
FEWEST_REACHED = 40
"""Shown rows that reached the aim, in training; half as many later."""
ONE_FALSE = 0.05
"""The chance that any learner serves that is no better than the pooled model."""


@dataclass(frozen=True, slots=True)
class OwnReport:
    """Why an action's uplift is a learner's own, or the pooled model's.

    Parameters: `random`, rows that chance decided; `learner` of the best candidate and its `slope`, how much of its
    spread was confirmed; `extra_loss`, its R-loss less the pooled model's on `judged` rows, and its standard error.
    """

    action: str
    serves: bool
    reason: str
    random: float
    judged: int = 0
    learner: str = ""
    slope: float = float("nan")
    extra_loss: float = float("nan")
    standard_error: float = float("nan")


@dataclass(frozen=True, slots=True)
class Pairs:
    """The evidence of every action with an aim that is seen either way, as lessons of being shown or not."""

    evidence: Evidence
    layout: Layout

    def of(self, code: int) -> Lesson:
        """The rows of one action; what says how it is rendered is hidden: what was not shown was not rendered."""
        shown, control = self._places(code)
        told = self.evidence
        matrix = np.vstack([told.shown.matrix[shown], told.control.matrix[control]])
        matrix[:, [self.layout.position(name) for name in TREATMENT_COLUMNS]] = 0.0
        share = np.concatenate([told.shown_share[shown], told.control_share[control]])
        return Lesson(
            matrix,
            self.layout.categorical,
            np.repeat(np.array([SHOWN, 1 - SHOWN]), [len(shown), len(control)]),
            np.stack([1 - share, share], axis=1),
            np.concatenate([told.shown.label[shown], told.control.label[control]]),
            np.concatenate([told.customers[shown], told.control_customers[control]]),
        )

    def _places(self, code: int) -> tuple[Places, Places]:
        column = self.layout.position("action")
        told = self.evidence
        shown = told.organic & (told.shown.matrix[:, column] == code)
        return np.flatnonzero(shown), np.flatnonzero(told.control.matrix[:, column] == code)


@dataclass(frozen=True, slots=True)
class Contender:
    """The best learner of one action, before anybody compared it.

    Parameters: `lesson`, the later rows of the action; `uplift` (n,), what the learner says of them; `drawn`, how it is
    drawn in.
    """

    learner: str
    drawn: Calibrated
    lesson: Lesson
    uplift: Floats


@dataclass(frozen=True, slots=True)
class OwnTried:
    """The contenders by action code, as they are being learned, and what is missing of the other actions."""

    reports: tuple[OwnReport, ...]
    contenders: Mapping[int, Later[Contender]]


@dataclass(frozen=True, slots=True)
class OwnChosen:
    """The learners that serve, by action code, and how each is drawn in; one report for each action."""

    learners: Mapping[int, tuple[str, Calibrated]]
    reports: tuple[OwnReport, ...]


def try_own(train: Pairs, later: Pairs, *, seed: int, aside: Aside) -> OwnTried:
    """Try the learners for every action, aside: they need not know what the pooled model says."""
    actions = train.layout.actions.actions
    reports = tuple(_too_little(name, train.of(code), later.of(code), seed) for code, name in enumerate(actions))
    tried = [code for code, report in enumerate(reports) if not report.reason]
    return OwnTried(reports, {code: aside.later(partial(_contender, train, later, code, seed)) for code in tried})


def not_tried(actions: Sequence[str]) -> tuple[OwnReport, ...]:
    """What is said of every action where propensities have constraints: a difference of two models keeps to none."""
    reason = "the pooled model serves: learners of effects keep to no constraints, and `[training]` has some"
    return tuple(OwnReport(action, serves=False, reason=reason, random=0.0) for action in actions)


def choose_own(tried: OwnTried, pooled: EffectRows) -> OwnChosen:
    """Let those serve that are surely better than the pooled model.

    Parameters: `pooled`, what that says of the later rows.
    """
    sure = NormalDist().inv_cdf(1 - ONE_FALSE / max(len(tried.contenders), 1))
    reports, found = list(tried.reports), dict[int, tuple[str, Calibrated]]()
    for code in sorted(tried.contenders, reverse=True):
        contender = tried.contenders[code].result()
        rows = np.flatnonzero(pooled.code == code)
        reports[code] = _judged(reports[code], contender, pooled.take(rows), sure=sure)
        if reports[code].serves:
            found[code] = contender.learner, contender.drawn
    return OwnChosen(dict(sorted(found.items())), tuple(reports))


def refit_own(train: Pairs, later: Pairs, chosen: OwnChosen, *, seed: int) -> OwnEffects:
    """Fit those that serve again, on all rows, drawn in as before."""
    fitted = {
        code: drawn.of_effects(_learned(name, _some(train.of(code).join(later.of(code)), seed), seed))
        for code, (name, drawn) in chosen.learners.items()
    }
    return OwnEffects(fitted, train.layout.position("action"))


def _learned(name: str, lesson: Lesson, seed: int) -> Effects:
    return bagged(CANDIDATES[name], lesson, 1 - SHOWN, _care(seed))


def _care(seed: int) -> Care:
    return Care(folds=FOLDS, bags=1, seed=seed)


def _some(lesson: Lesson, seed: int) -> Lesson:
    if len(lesson) <= MOST_ROWS:
        return lesson
    return lesson.take(np.sort(np.random.default_rng(seed).choice(len(lesson), MOST_ROWS, replace=False)))


def _too_little(action: str, every: Lesson, later: Lesson, seed: int) -> OwnReport:
    """A report whose reason says what is missing; empty where nothing is."""
    known = _some(every, seed)
    share = known.probability[:, SHOWN]
    random = float(4 * (share * (1 - share)).sum())
    reached = [int(each.reward[each.chosen == SHOWN].sum()) for each in (known, later)]
    reason = ""
    if not len(known):
        reason = "the pooled model serves: the log does not tell of its aim where it was not shown"
    elif random < FEWEST_RANDOM:
        reason = f"the pooled model serves: chance decided {random:,.0f} rows; a learner needs {FEWEST_RANDOM:,.0f}"
    elif reached[0] < FEWEST_REACHED or reached[1] < FEWEST_REACHED // 2:
        needs = f"a learner needs {FEWEST_REACHED} and {FEWEST_REACHED // 2}"
        reason = f"the pooled model serves: shown, {reached[0]} reached the aim and later {reached[1]}; {needs}"
    return OwnReport(action, serves=False, reason=reason, random=random)


def _contender(train: Pairs, later: Pairs, code: int, seed: int) -> Contender:
    known, after = _some(train.of(code), seed), later.of(code)
    name, drawn = _best(known, seed)
    uplift = drawn.of_effects(_learned(name, known, seed)).predict(after.matrix)[:, SHOWN]
    return Contender(name, drawn, after, uplift)


def _best(lesson: Lesson, seed: int) -> tuple[str, Calibrated]:
    """The learner of the lowest cross-fitted R-loss, drawn in."""
    evidence = gather(lesson, _care(seed), learners=CANDIDATES, constant=1 - SHOWN)
    every = np.ones(len(lesson), dtype=bool)
    drawn = evidence.calibrations(every)
    share = lesson.probability[:, SHOWN]
    expected = (lesson.probability * evidence.q_hat).sum(axis=1)

    def loss(name: str) -> float:
        uplift = drawn[name].of_values(evidence.effects[name])[:, SHOWN]
        return float(r_losses(lesson, uplift, expected=expected, share=share).mean())

    name = min(drawn, key=loss)
    return name, drawn[name]


def r_losses(lesson: Lesson, uplift: Floats, *, expected: Floats, share: Floats) -> Floats:
    """The squared rest (n,) of what came less what was `expected`, once the uplift explains what chance decided."""
    losses: Floats = np.square(lesson.reward - expected - (lesson.chosen - share) * uplift)
    return losses


def _judged(report: OwnReport, best: Contender, pooled: EffectRows, *, sure: float) -> OwnReport:
    name, drawn, later = best.learner, best.drawn, best.lesson
    expected = pooled.baseline + pooled.share * pooled.uplift
    own, other = (
        r_losses(later, uplift, expected=expected, share=pooled.share) for uplift in (best.uplift, pooled.uplift)
    )
    extra, error = mean_by_customer(own - other, later.customer)
    serves = bool(extra + sure * error < 0)
    verb = f"its {name}-learner serves" if serves else f"the pooled model serves: no learner ({name}) is surely better"
    reason = f"{verb}; R-loss {extra:+.6f} ± {error:.6f} on {len(later):,} later rows"
    return OwnReport(report.action, serves, reason, report.random, len(later), name, drawn.slope, extra, error)
