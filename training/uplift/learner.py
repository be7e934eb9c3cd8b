"""Four ways to learn effects: S, T and X (Künzel et al., 2019) and doubly robust (Kennedy, 2023), over LightGBM.

- `s_learner`: one regression of the reward on context and action; effects are differences of its predictions. It
  borrows between actions, and sees small differences least;
- `t_learner`: one regression per action; it borrows nothing;
- `x_learner`: per action, a regression of the effects that each side's own rows suggest;
- `dr_learner`: per action, a regression of the doubly robust pseudo-outcome of its difference to the constant one.

Künzel, Sekhon, Bickel, Yu: Metalearners for estimating heterogeneous treatment effects using machine learning, 2019.
Kennedy: Towards optimal doubly robust estimation of heterogeneous causal effects, 2023.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import lightgbm
import numpy as np

from training.encoding import Matrix
from training.reward_log import Floats
from training.reward_model import customer_folds, with_action
from training.uplift.effects import Effects, Term
from training.uplift.lesson import Lesson
from training.uplift.regression import expected, regress

Learner = Callable[[Lesson, int, int], Effects]
"""From a lesson, the constant action's column and a seed."""


def s_learner(lesson: Lesson, constant: int, seed: int) -> Effects:
    """One regression that reads the action as a column."""
    booster = reward_regression(lesson, seed)
    terms = (Term(booster, _one(lesson, action), action) for action in range(lesson.n_actions))
    return _effects(lesson, constant, terms)


def t_learner(lesson: Lesson, constant: int, seed: int) -> Effects:
    """One regression of the reward per action."""
    boosters = lesson.rewards_by_action(seed)
    return _effects(lesson, constant, (Term(booster, _one(lesson, action)) for action, booster in enumerate(boosters)))


def x_learner(lesson: Lesson, constant: int, seed: int) -> Effects:
    """Effects imputed on either side, weighted by how rare the other side is."""
    return _effects(lesson, constant, _crossed(lesson, constant, seed))


def dr_learner(lesson: Lesson, constant: int, seed: int) -> Effects:
    """Regressions of doubly robust pseudo-outcomes, with a nuisance that saw no decision of the row's customer.

    Each is on the decisions that chose either of its two actions: the others say nothing of the difference.
    """
    q_hat = _nuisance(lesson, seed)
    others = (action for action in range(lesson.n_actions) if action != constant)
    terms = (Term(_of_pair(lesson, q_hat, (action, constant), seed), _one(lesson, action)) for action in others)
    return _effects(lesson, constant, terms)


LEARNERS: Mapping[str, Learner] = {"S": s_learner, "T": t_learner, "X": x_learner, "DR": dr_learner}
"""Every learner by name."""


def reward_regression(lesson: Lesson, seed: int) -> lightgbm.Booster:
    """E[reward | context, action], the action's code behind the columns of the context."""
    rows = with_action(lesson.matrix, lesson.chosen)
    changes = {"num_leaves": 16}
    codes = [*lesson.categorical, lesson.matrix.shape[1]]
    return regress(rows, lesson.reward, categorical=codes, seed=seed, changes=changes)


def expected_rewards(booster: lightgbm.Booster, matrix: Matrix, *, n_actions: int) -> Floats:
    """q̂ (n, n_actions) of a reward regression."""
    asked = (with_action(matrix, action) for action in range(n_actions))
    return np.stack([expected(booster, rows) for rows in asked], axis=1)


def _nuisance(lesson: Lesson, seed: int) -> Floats:
    """q̂ (n, n_actions), each half of the customers by a regression on the other."""
    half = customer_folds(lesson.customer, folds=2, generator=np.random.default_rng(seed))
    q_hat = np.empty(lesson.probability.shape)
    for number in (0, 1):
        booster = reward_regression(lesson.take(half != number), seed)
        q_hat[half == number] = expected_rewards(booster, lesson.matrix[half == number], n_actions=lesson.n_actions)
    return q_hat


def _crossed(lesson: Lesson, constant: int, seed: int) -> Iterator[Term]:
    boosters, quiet = lesson.rewards_by_action(seed), lesson.parts[constant]
    for action in range(lesson.n_actions):
        if action == constant:
            continue
        own = lesson.parts[action]
        gained = own.reward - expected(boosters[constant], own.matrix)
        missed = expected(boosters[action], quiet.matrix) - quiet.reward
        share = len(own) / (len(own) + len(quiet))
        yield Term(own.regress(gained, seed), (1 - share) * _one(lesson, action))
        yield Term(quiet.regress(missed, seed), share * _one(lesson, action))


def _of_pair(lesson: Lesson, q_hat: Floats, pair: tuple[int, int], seed: int) -> lightgbm.Booster:
    """The regression of the first action's gain over the second's, π₀ being that of one given either."""
    rows = np.flatnonzero(np.isin(lesson.chosen, pair))
    either, ours = lesson.take(rows), lesson.chosen[rows] == pair[0]
    first, second = (either.probability[:, action] for action in pair)
    share = np.where(ours, first, second) / (first + second)
    expected = q_hat[rows, either.chosen]
    weighted = np.where(ours, 1.0, -1.0) * (either.reward - expected) / share
    return either.regress(q_hat[rows, pair[0]] - q_hat[rows, pair[1]] + weighted, seed)


def _one(lesson: Lesson, action: int) -> Floats:
    one: Floats = np.eye(lesson.n_actions)[action]
    return one


def _effects(lesson: Lesson, constant: int, terms: Any) -> Effects:
    return Effects(constant, tuple(terms), np.zeros(lesson.n_actions))
