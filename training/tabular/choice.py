"""Which candidate a table gets: the first fold tunes the trees, the others compare; the simpler wins a tie.

The mean of a simple model and of small trees is what is usual. Whatever else is tried must beat it by a standard error
of the difference over the folds: of fifteen that differ by a thousandth, the one that happens to be first is mostly not
the best, and a mean of two kinds is a good one to be left with (compare the rule of one standard error: Breiman,
Friedman, Olshen and Stone, 1984).

Where rows have an order in time a fold judges by all that follows what is learned, and the losses compared are those
that remain once the level is right: the level is the trailing intercept's business. There every candidate must beat the
one before it so, for few moments in time say little.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from training.calibration import Calibration
from training.constraints import Constraints
from training.encoding import FeatureColumn, Floats
from training.logistic import fit_logistic, sigmoid
from training.metrics import auc, log_loss
from training.tabular.calibrating import choose_table_calibration
from training.tabular.candidate import (
    CANDIDATES,
    CANDIDATES_IN_TIME,
    SETTINGS,
    Candidate,
    TreeSettings,
    Workshop,
    margins,
)
from training.tabular.folds import Fold, future, stratified
from training.tabular.isotonic import AnyCalibration
from training.tabular.search import TABLE_SPACE
from training.tabular.trail import Trail, choose_trail
from training.trees import Rows
from training.tuning import Search, Tuned, tune

CONVINCING = 3e-4
"""A less simple candidate must lower the log loss by this share to be chosen."""
N_USUAL, N_USUAL_IN_TIME = 2, 1
"""So many candidates, the first ones, are compared by that share alone; a later one must beat them surely."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be learned from a matrix, and how hard to look.

    Parameters: `columns` of the matrix; `in_time`, whether rows stand in order of time; `constraints`; `search`;
    `n_members` of the ensemble that says how sure a score is.
    """

    columns: Sequence[FeatureColumn]
    in_time: bool = False
    constraints: Constraints = field(default_factory=Constraints)
    search: Search = field(default_factory=lambda: Search(space=TABLE_SPACE))
    n_members: int = 8

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """What is tried."""
        return CANDIDATES_IN_TIME if self.in_time else CANDIDATES

    def folds(self, label: Floats) -> tuple[Fold, ...]:
        """How rows are split for the choice."""
        return future(len(label)) if self.in_time else stratified(label, seed=self.search.seed)


@dataclass(frozen=True, slots=True)
class Score:
    """One candidate on the rows that compared.

    Parameters: `loss`, log loss (in time, at the right level), the mean of the folds' `losses`.
    """

    name: str
    loss: float
    auc: float
    losses: tuple[float, ...] = ()

    def beats(self, other: "Score", *, surely: bool) -> bool:
        """Whether its loss is lower by a convincing share; `surely`: by a standard error over the folds too."""
        gain = other.loss - self.loss
        if gain <= other.loss * CONVINCING:
            return False
        differences = np.subtract(other.losses, self.losses)
        return not surely or bool(gain > differences.std(ddof=1) / np.sqrt(len(differences)))


@dataclass(frozen=True, slots=True)
class Choice:
    """What held-out rows chose.

    Parameters: `candidate`; `workshop`, which fits it; `calibration`; `trail`; `scores` of every candidate, best first;
    `tuned`, what the search found.
    """

    candidate: Candidate
    workshop: Workshop
    calibration: AnyCalibration
    trail: Trail
    scores: tuple[Score, ...]
    tuned: Tuned


def choose(rows: Rows, task: Task) -> Choice:
    """Tune on the first fold, compare on the others; then choose a calibration and a trail by the same rows."""
    first, *others = task.folds(rows.label)
    tuned = _tuned(rows, task, first)
    found = {"tuned": TreeSettings(tuned.parameters, tuned.n_trees)}
    workshop = Workshop(task.columns, {**SETTINGS, **found}, task.constraints, task.search.seed)
    held_out = [margins(workshop, rows.take(f.learned), rows.matrix[f.judged], task.candidates) for f in others]
    labels = [rows.label[fold.judged] for fold in others]
    scores = [_score(each.name, [m[each.name] for m in held_out], labels, task) for each in task.candidates]
    chosen = simplest(scores, n_usual=N_USUAL_IN_TIME if task.in_time else N_USUAL)
    own = [m[chosen.name] for m in held_out]
    if task.in_time:
        own, labels = _next_only(own, labels)
    margin, label = np.concatenate(own), np.concatenate(labels)
    trail = choose_trail(margin, label, n_blocks=2 * len(others)) if task.in_time else Trail()
    calibration = _calibration(margin, label, trail, task)
    ranked = tuple(sorted(scores, key=lambda score: score.loss))
    return Choice(Candidate.named(chosen.name), workshop, calibration, trail, ranked, tuned)


def _next_only(margin: Sequence[Floats], label: Sequence[Floats]) -> tuple[list[Floats], list[Floats]]:
    """Of every fold's rows those before the next fold's: each row once, judged by the latest that was learned."""
    sizes = [len(each) for each in label]
    lengths = [size - after for size, after in zip(sizes, [*sizes[1:], 0], strict=True)]
    return tuple([part[:n] for part, n in zip(parts, lengths, strict=True)] for parts in (margin, label))  # type: ignore[return-value] # two by construction


def simplest(scores: Sequence[Score], *, n_usual: int) -> Score:
    """The first of the scores, simplest first, that no later one beats.

    Parameters: `n_usual`, of the first ones, that are compared by a convincing share alone; the others by more.
    """
    best = scores[0]
    for place, score in enumerate(scores[1:], start=1):
        if score.beats(best, surely=place >= n_usual):
            best = score
    return best


def _tuned(rows: Rows, task: Task, fold: Fold) -> Tuned:
    fixed = task.constraints.settings(len(task.columns))
    categorical = [place for place, column in enumerate(task.columns) if column.kind == "category"]
    search = replace(task.search, fixed={**task.search.fixed, **fixed})
    return tune(rows.take(fold.learned), rows.take(fold.judged), categorical, search=search)


def _score(name: str, margin: Sequence[Floats], label: Sequence[Floats], task: Task) -> Score:
    loss = levelled_loss if task.in_time else _loss
    losses, areas = ([of(y, m) for m, y in zip(margin, label, strict=True)] for of in (loss, auc))
    return Score(name, float(np.mean(losses)), float(np.mean(areas)), tuple(losses))


def _loss(label: Floats, margin: Floats) -> float:
    return log_loss(label, sigmoid(margin))


def levelled_loss(label: Floats, margin: Floats) -> float:
    """Log loss at the best intercept for these very rows: what is left to a model whose level is kept right."""
    shift = fit_logistic(np.ones((len(label), 1)), label, penalty=np.full(1, 1e-6), offset=margin, iterations=25)
    return log_loss(label, sigmoid(margin + shift[0]))


def _calibration(margin: Floats, label: Floats, trail: Trail, task: Task) -> AnyCalibration:
    if not task.in_time:
        return choose_table_calibration(margin, label)
    return Calibration() if trail.window else choose_table_calibration(margin, label, later=True)
