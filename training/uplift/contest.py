"""Which learner, and above which margin: chosen on customers that the learner has not seen.

Every learner is fitted once per fold of customers on the others, and asked about its own. For each fold the candidate
(a learner and a share of customers, those of the largest effects) is the one of the highest lower bound on the *other*
folds; where none is above zero the constant action stays. So what is judged on a fold was chosen without it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.encoding import Matrix
from training.reward_log import Floats
from training.reward_model import customer_folds
from training.uplift.calibrated import Calibrated, calibrate
from training.uplift.effects import Effects, average
from training.uplift.learner import LEARNERS, Learner, expected_rewards, reward_regression
from training.uplift.lesson import Lesson
from training.uplift.rule import Gain, best_other, gain_of

SHARES = (1.0, 0.5, 0.25, 0.1)
"""Of the customers for whom another action looks better, the shares that a candidate may act on."""
FEWEST_ANSWERED = 50
"""Decisions that must answer a candidate's deviations: an interval from fewer is no interval."""
BLEND = "blend"
"""The mean of all learners, each drawn in by its own slope."""
NUISANCE = 101
"""Added to the seed of the regression that judges, so that it is not the one that a learner is made of."""

Predict = Callable[[Matrix], Floats]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to deviate from the constant action.

    Parameters: `margin`, the effect above which it does; `n_answered`, decisions at which it would deviate and the log
    chose as it would.
    """

    learner: str
    share: float
    margin: float
    gain: Gain
    n_answered: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What cross-fitting found: arrays (n, n_actions) of decisions whose customer the regressions had not seen.

    Parameters: `gains`, doubly robust, over the constant action; `effects` by learner; `chosen`, `fold`,
    `customer` (n,).
    """

    constant: int
    gains: Floats
    q_hat: Floats
    effects: Mapping[str, Floats]
    chosen: NDArray[np.int64]
    fold: NDArray[np.int64]
    customer: NDArray[np.int64]

    def calibrations(self, rows: NDArray[np.bool_]) -> dict[str, Calibrated]:
        """How each learner is to be drawn in, by what some of the decisions say."""
        return {name: calibrate(effect[rows], self.gains[rows], self.constant) for name, effect in self.effects.items()}

    def drawn_in(self, rows: NDArray[np.bool_], by: Mapping[str, Calibrated]) -> dict[str, Floats]:
        """The effects of some decisions by learner, and their blend."""
        each = {name: by[name].of_values(effect[rows]) for name, effect in self.effects.items()}
        return each | {BLEND: np.mean(list(each.values()), axis=0)}


@dataclass(frozen=True, slots=True)
class Care:
    """How carefully to learn: folds of customers, learners averaged over seeds, and the first seed."""

    folds: int = 5
    bags: int = 2
    seed: int = 0


def gather(
    lesson: Lesson, care: Care, *, learners: Mapping[str, Learner] = LEARNERS, constant: int | None = None
) -> Evidence:
    """Cross-fit nuisance and learners by customer.

    Parameters: `constant`, with what others are compared: by default the action of the highest doubly robust value.
    """
    folds = _Folds.of(lesson, care)
    q_hat = folds.cross_fitted(lambda rest: rewards_of(rest, care.seed))
    pseudo = lesson.pseudo_outcomes(q_hat)
    constant = int(pseudo.mean(axis=0).argmax()) if constant is None else constant
    effects = {name: folds.cross_fitted(_learn(by, constant, care)) for name, by in learners.items()}
    owner = np.unique(lesson.customer, return_inverse=True)[1]
    return Evidence(constant, pseudo - pseudo[:, [constant]], q_hat, effects, lesson.chosen, folds.number, owner)


def cross_fitted_rewards(lesson: Lesson, care: Care) -> Floats:
    """q̂ (n, n_actions) of every decision from regressions that saw no decision of its customer."""
    return _Folds.of(lesson, care).cross_fitted(lambda rest: rewards_of(rest, care.seed))


@dataclass(frozen=True, slots=True)
class _Folds:
    """A lesson in folds of customers: `number` (n,) of each decision's; `others`, the lesson without each fold."""

    lesson: Lesson
    number: NDArray[np.int64]
    others: Mapping[int, Lesson]

    @classmethod
    def of(cls, lesson: Lesson, care: Care) -> "_Folds":
        number = customer_folds(lesson.customer, folds=care.folds, generator=np.random.default_rng(care.seed))
        return cls(lesson, number, {int(each): lesson.take(number != each) for each in np.unique(number)})

    def cross_fitted(self, fit: Callable[[Lesson], Predict]) -> Floats:
        """What is said (n, n_actions) of every decision by what learned from the other folds."""
        found = np.empty(self.lesson.probability.shape)
        for number, rest in self.others.items():
            found[self.number == number] = fit(rest)(self.lesson.matrix[self.number == number])
        return found


def bagged(learner: Learner, lesson: Lesson, constant: int, care: Care) -> Effects:
    """The mean of a learner's effects over several seeds: of the rows and columns that its trees see."""
    return average([learner(lesson, constant, care.seed + number) for number in range(care.bags)])


def _learn(learner: Learner, constant: int, care: Care) -> Callable[[Lesson], Predict]:
    return lambda rest: bagged(learner, rest, constant, care).predict


def rewards_of(rest: Lesson, seed: int) -> Predict:
    """q̂ of a regression on some decisions, for the doubly robust estimates of others."""
    booster = reward_regression(rest, seed + NUISANCE)
    return lambda asked: expected_rewards(booster, asked, n_actions=rest.n_actions)


def candidates(evidence: Evidence, rows: NDArray[np.bool_]) -> Iterator[Candidate]:
    """Every candidate with its gain on some of the decisions, whose effects are drawn in by the same ones."""
    gains, customer = evidence.gains[rows], evidence.customer[rows]
    for name, effect in evidence.drawn_in(rows, evidence.calibrations(rows)).items():
        best = best_other(effect, evidence.constant)
        places = np.arange(len(best))
        height, gained = effect[places, best], gains[places, best]
        for share, margin in _margins(height):
            moves = height > margin
            answered = int((moves & (best == evidence.chosen[rows])).sum())
            yield Candidate(name, share, margin, gain_of(np.where(moves, gained, 0.0), customer), answered)


def _margins(height: Floats) -> Iterator[tuple[float, float]]:
    above = height[height > 0]
    for share in SHARES if len(above) else ():
        yield share, 0.0 if share == 1.0 else float(np.quantile(above, 1 - share))


def surest(found: Sequence[Candidate]) -> Candidate | None:
    """The candidate of the largest sure gain, of those that enough decisions answer; None where it is not above 0."""
    enough = (candidate for candidate in found if candidate.n_answered >= FEWEST_ANSWERED)
    best = max(enough, key=lambda candidate: candidate.gain.surely, default=None)
    return best if best is not None and best.gain.surely > 0 else None


def honest_choice(evidence: Evidence) -> NDArray[np.int64]:
    """What the contest's winner would choose for each decision (n,), the winner chosen by the other folds."""
    chosen = np.full(len(evidence.fold), evidence.constant)
    for number in np.unique(evidence.fold):
        own, others = evidence.fold == number, evidence.fold != number
        winner = surest(tuple(candidates(evidence, others)))
        if winner is not None:
            effect = evidence.drawn_in(own, evidence.calibrations(others))[winner.learner]
            best = best_other(effect, evidence.constant)
            height = effect[np.arange(len(best)), best]
            chosen[own] = np.where(height > winner.margin, best, evidence.constant)
    return chosen
