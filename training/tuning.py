"""Tree settings by Optuna: seeded, on a sample of the rows, hopeless trials pruned early, scored on later rows."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from threading import local
from time import process_time
from typing import Any

import lightgbm
import numpy as np
import optuna
from lightgbm.callback import CallbackEnv

from training.constraints import Constraints
from training.search_space import FIXED, Space
from training.studies import KIND, Studies, last_settings
from training.trees import PINNED, Rows

PATIENCE = 15
"""Rounds without a better score before a fit stops."""
FEWEST_TO_COMPARE = 5
"""Finished trials below which nothing is said of what mattered."""
REPORT_EVERY = 10
"""Rounds between two looks of the pruner."""


@dataclass(frozen=True, slots=True)
class Search:
    """How hard to look.

    Parameters: `trials`; `seed`; `most_rows`, the sample of the training and of the validation rows; `seconds` of CPU
    after which no trial begins (what is found then depends on the machine); `fixed`, settings that hold in every
    trial, such as monotone constraints; `space`, where to look; `studies`, where studies are kept (None: nowhere), each
    under its `kind`, whose last study's best settings are tried too; `workers`, threads that try at once: with more
    than one, the order of trials is chance.
    """

    trials: int = 20
    seed: int = 7
    most_rows: int = 16_000
    seconds: float | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)
    space: Space = field(default_factory=Space)
    studies: Studies | None = None
    kind: str = ""
    workers: int = 1

    def of(self, kind: str) -> "Search":
        """The same for one kind of model."""
        return replace(self, kind=kind)

    def within(self, constraints: Constraints, n_columns: int) -> "Search":
        """The same among trees over `n_columns` that keep to the constraints."""
        return replace(self, fixed={**self.fixed, **constraints.settings(n_columns)})


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial, for the run's log: `state` is complete or pruned; `loss` NaN where pruned."""

    number: int
    state: str
    loss: float
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tuned:
    """What the search found.

    Parameters: `parameters` for `fit_trees`; `n_trees`; `loss` on the sampled validation rows; `trials`, all of them;
    `importance`, how much of the spread of the losses each setting explains (empty where too few trials finished).
    """

    parameters: dict[str, Any]
    n_trees: int
    loss: float
    trials: tuple[TrialRecord, ...] = field(repr=False)
    importance: Mapping[str, float] = field(default_factory=dict, repr=False)


def tune(train: Rows, validation: Rows, categorical: Sequence[int], *, search: Search) -> Tuned:
    """Look for the settings with the lowest log loss on validation rows; the preset is the first trial."""
    some, later = (spread_sample(rows, search.most_rows) for rows in (train, validation))
    study, objective = _study(search), _objective(_Bins(some, later, categorical), search)
    trials, workers = max(search.trials, 1), search.workers
    study.optimize(objective, n_trials=trials, n_jobs=workers, callbacks=[_budget(search)])
    best = study.best_trial
    return Tuned(
        {**FIXED, **search.fixed, **best.params},
        int(best.user_attrs["n_trees"]),
        float(study.best_value),
        _records(study),
        _importance(study),
    )


def spread_sample(rows: Rows, most: int) -> Rows:
    """At most so many rows, evenly spread over the order given (time)."""
    if len(rows) <= most:
        return rows
    return rows.take(np.linspace(0, len(rows) - 1, most).astype(np.int64))


def _study(search: Search) -> optuna.Study:
    logging.getLogger("optuna").setLevel(logging.ERROR)
    storage = None if search.studies is None else search.studies.open()
    known = [] if storage is None else last_settings(storage, search.kind)
    study = optuna.create_study(
        storage=storage,
        sampler=optuna.samplers.TPESampler(seed=search.seed, n_startup_trials=max(search.trials // 3, 1)),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=REPORT_EVERY),
    )
    study.set_user_attr(KIND, search.kind)
    preset = search.space.preset
    for settings in (preset, *known):
        study.enqueue_trial({name: settings[name] for name in preset if name in settings})
    return study


def _importance(study: optuna.Study) -> dict[str, float]:
    """By PED-ANOVA: Watanabe et al. (2023), PED-ANOVA: efficiently quantifying hyperparameter importance."""
    done = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    if len(done) < FEWEST_TO_COMPARE:
        return {}
    return optuna.importance.get_param_importances(study)


def _budget(search: Search) -> Callable[[optuna.Study, optuna.trial.FrozenTrial], None]:
    end = inf if search.seconds is None else process_time() + search.seconds

    def look(study: optuna.Study, _: optuna.trial.FrozenTrial) -> None:
        if process_time() >= end:
            study.stop()

    return look


class _Bins:
    """The rows in bins, for each worker its own: LightGBM writes into its datasets as it begins to learn from them."""

    def __init__(self, train: Rows, validation: Rows, categorical: Sequence[int]) -> None:
        self._train, self._validation, self._categorical = train, validation, categorical
        self._own = local()

    def of_worker(self) -> tuple[lightgbm.Dataset, lightgbm.Dataset]:
        """Training and validation rows of the thread that asks."""
        if not hasattr(self._own, "bins"):
            train = self._train.dataset(self._categorical)
            self._own.bins = train, self._validation.dataset(self._categorical, reference=train)
        bins: tuple[lightgbm.Dataset, lightgbm.Dataset] = self._own.bins
        return bins


def _objective(bins: _Bins, search: Search) -> Callable[[optuna.Trial], float]:
    always = {**PINNED, **search.fixed, "metric": "binary_logloss", "seed": search.seed}

    def loss(trial: optuna.Trial) -> float:
        settings = {**always, **search.space.suggest(trial)}
        callbacks: list[Callable[..., Any]] = [lightgbm.early_stopping(PATIENCE, verbose=False), _pruning(trial)]
        data, later = bins.of_worker()
        booster = lightgbm.train(settings, data, search.space.most_trees, valid_sets=[later], callbacks=callbacks)
        trial.set_user_attr("n_trees", booster.best_iteration or booster.current_iteration())
        return float(booster.best_score["valid_0"]["binary_logloss"])

    return loss


def _pruning(trial: optuna.Trial) -> Callable[[CallbackEnv], None]:
    def look(env: CallbackEnv) -> None:
        if env.iteration % REPORT_EVERY or not env.evaluation_result_list:
            return
        trial.report(float(env.evaluation_result_list[0][2]), env.iteration)
        if trial.should_prune():
            raise optuna.TrialPruned(f"trial {trial.number} pruned at round {env.iteration}")

    return look


def _records(study: optuna.Study) -> tuple[TrialRecord, ...]:
    return tuple(
        TrialRecord(t.number, t.state.name.lower(), float("nan") if t.value is None else t.value, dict(t.params))
        for t in study.trials
    )
