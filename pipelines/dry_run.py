"""What a training would learn from what, without learning or writing anything."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from decisioning.catalog import Catalog
from decisioning.errors import InvalidInputError, NotFoundError
from features.catalog_source import compiled_catalog, feature_set_of
from features.home import Home
from features.instant import from_us, to_us
from features.ledger import Ledger
from features.workspace import Goal, Training, Workspace
from pipelines.gate_bounds import check_declared
from pipelines.retrain import FEWEST_DECISIONS
from pipelines.reward_amounts import reward_warnings
from training.dataset import DecisionLogFrame, split_by_time
from training.decision_log import over_after, read_decision_log
from training.declared_constraints import check_constraints, constraints_version
from training.encoding import FeatureEncoder
from training.feature_column import feature_columns
from training.foresight.known import NEVER, told_of
from training.foresight.subject import Subject, subjects_of
from training.goal_event import each_goal_event
from training.log_check import check_log
from training.log_history import any_known
from training.specialist_fit import FEWEST_SHOWN
from training.uplift.own_fit import FEWEST_RANDOM


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one action: decisions that chose it and are over, of them accepted; and those still open."""

    over: int
    accepted: int
    open: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be trained on what.

    Parameters: `models` in words; `first` and `last`, when what is learned from was decided; `rows` of the parts that
    learn, choose and judge; `not_drawn`, how many more decisions are over; `labels` by action, of all decisions;
    `left_out`, features that say nothing, with the reason; `without`, decisions whose features would come from history;
    `budget` in words; `enough`, whether there is enough to learn; `warnings` of what is likely a mistake; `refused`,
    why a training would refuse the log, with its code, empty where it would not.
    """

    as_of: datetime
    models: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    rows: dict[str, int]
    not_drawn: int
    labels: dict[str, Labels]
    n_features: int
    left_out: dict[str, str]
    without: int
    budget: str
    enough: bool
    warnings: tuple[str, ...] = ()
    refused: str = ""


def plan_training(home: Path, workspace: Path, *, as_of: datetime) -> Plan:
    """Read the log as of a moment and say what a training would do.

    Raises `NotFoundError` where there is no ledger, `InvalidInputError` where the gate names what is no category.
    """
    settings = Workspace.load(workspace)
    features = feature_set_of(settings)
    check_declared(settings.gate, features)
    catalog = compiled_catalog(settings, features).catalog
    check_constraints(settings.training, features)
    if not Home(home).ledger.exists():
        raise NotFoundError(f"{Home(home).ledger} does not exist: nothing was ingested yet")
    with Ledger(Home(home).ledger) as ledger:
        read = partial(read_decision_log, ledger, catalog, settings.goal)
        now = read(as_of=as_of, feature_names=features.names, most=settings.training.most_decisions)
        over = read(as_of=as_of, feature_names=()) if now.n_left_out else now
        wait = over_after(settings.goal, catalog)
        still_open = read(as_of=as_of + wait, feature_names=(), since=as_of - wait)
        subjects = subjects_of(settings.training, currency=catalog.currency)
        foreseen = _foreseen(ledger, subjects, as_of)
        doubtful = reward_warnings(ledger, settings.goal, currency=catalog.currency)
    suspicious, refused = _checked(now, FeatureEncoder(feature_columns(features)))
    warnings = (*_waits_longer(settings.goal, catalog), *suspicious, *doubtful)
    decided_us = still_open.decided_us
    labels = _labels(over, still_open.take((decided_us > to_us(as_of - wait)) & (decided_us <= to_us(as_of))))
    plan = _plan(settings.training, (*_models(catalog, settings.training), *foreseen), now, labels, as_of)
    return replace(plan, warnings=warnings, refused=refused)


def _checked(frame: DecisionLogFrame, encoder: FeatureEncoder) -> tuple[tuple[str, ...], str]:
    """What is suspicious of a log, and why it would be refused; of features, those that were logged are looked at."""
    if len(frame) < FEWEST_DECISIONS:
        return (), ""
    try:
        return check_log(frame, encoder, known=any_known(frame.features, n=len(frame))), ""
    except InvalidInputError as error:
        return (), f"{error.message} ({error.code})"


def _waits_longer(goal: Goal, catalog: Catalog) -> Iterator[str]:
    """What holds every label back for longer than the goal asks."""
    wait = over_after(goal, catalog)
    slow = [name for name, action in catalog.actions.items() if action.window == wait > goal.window]
    if slow:
        days = wait / timedelta(days=1)
        yield f"a decision is over after {days:g} days, the window of {slow[0]!r}; the goal's is {goal.window_days:g}"


def _plan(
    training: Training, models: tuple[str, ...], frame: DecisionLogFrame, labels: dict[str, Labels], as_of: datetime
) -> Plan:
    split = split_by_time(frame, validation_share=training.validation_share, evaluation_share=training.evaluation_share)
    parts = {"learn": split.train, "choose": split.validation, "judge": split.evaluation}
    moments = [from_us(int(frame.decided_us[place])) for place in (0, -1)] if len(frame) else [None, None]
    return Plan(
        as_of=as_of,
        models=models,
        first=moments[0],
        last=moments[1],
        rows={name: len(part) for name, part in parts.items()},
        not_drawn=frame.n_left_out,
        labels=labels,
        n_features=len(frame.features),
        left_out=_left_out(frame),
        without=int((~any_known(frame.features, n=len(frame))).sum()),
        budget=_budget(training),
        enough=len(frame) >= FEWEST_DECISIONS,
    )


def _budget(training: Training) -> str:
    seconds = f", no trial after {training.tuning_seconds:g} s of CPU" if training.tuning_seconds else ""
    return f"{training.trials} trials a model{seconds}, seed {training.seed}"


def _models(catalog: Catalog, training: Training) -> Iterator[str]:
    n_actions = len([name for name in catalog.actions if name != NO_ACTION])
    yield f"propensity and uplift: one pooled model of {n_actions} actions, logistic regression beside trees"
    yield f"specialists: a model of its own for each action shown at least {FEWEST_SHOWN} times, where it is better"
    if version := constraints_version(training):
        yield f"uplift: of the pooled model alone, as its propensity keeps to the constraints {version} of `[training]`"
    else:
        yield f"uplift: T-, X- and DR-learners for each action of which chance decided {FEWEST_RANDOM:g} rows, likewise"


def _foreseen(ledger: Ledger, subjects: Sequence[Subject], as_of: datetime) -> list[str]:
    names, found = [subject.event for subject in subjects], Counter[str]()
    for event in each_goal_event(ledger, names, after_us=-NEVER, until_us=to_us(as_of)):
        found.update(each.name for each in subjects if each.event == event.name and told_of(event, each))
    return [
        f"{subject.name}: {subject.words}, from the feature history; the log has {found[subject.name]:,} such events"
        for subject in subjects
        if subject.declared or found[subject.name]
    ]


def _labels(over: DecisionLogFrame, still_open: DecisionLogFrame) -> dict[str, Labels]:
    found = {}
    for action in dict.fromkeys((*over.actions, *still_open.actions)):
        chose = _chose(over, action)
        accepted = int(over.accepted[chose].sum())
        found[action] = Labels(int(chose.sum()), accepted, int(_chose(still_open, action).sum()))
    return found


def _chose(frame: DecisionLogFrame, action: str) -> NDArray[np.bool_]:
    """Which decisions (n,) chose an action."""
    place = frame.actions.index(action) if action in frame.actions else -1
    chose: NDArray[np.bool_] = frame.chosen == place
    return chose


def _left_out(frame: DecisionLogFrame) -> dict[str, str]:
    """Features from which nothing can be learned, and why."""
    found = {}
    for name, column in frame.features.items():
        known = column[pd.notna(column)]
        if not len(known):
            found[name] = "never known"
        elif (known == known[0]).all():
            found[name] = f"always {known[:1].tolist()[0]!r}"
    return found


def plan_in_words(plan: Plan) -> str:
    """The plan, a line each."""
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    yield f"as of {plan.as_of:%Y-%m-%d %H:%M}; nothing is trained and nothing is written"
    yield from (f"  {model}" for model in plan.models)
    if plan.first and plan.last:
        parts = ", ".join(f"{n:,} to {name}" for name, n in plan.rows.items())
        yield f"  decisions from {plan.first:%Y-%m-%d} to {plan.last:%Y-%m-%d}: {parts}"
    if plan.not_drawn:
        yield f"  {plan.not_drawn:,} more are over: an even sample is drawn (`[training] most_decisions`)"
    for action, labels in plan.labels.items():
        yield f"  {action}: {labels.over:,} over, {labels.accepted:,} accepted; {labels.open:,} still open"
    yield f"  {plan.n_features} features, {plan.n_features - len(plan.left_out)} of use"
    for why in sorted(set(plan.left_out.values())):
        yield f"    {why}: {', '.join(name for name, reason in plan.left_out.items() if reason == why)}"
    if plan.without:
        told = "theirs come from the history, and are not looked at here"
        yield f"  {plan.without:,} decisions were logged without features: {told}"
    yield f"  budget: {plan.budget}"
    yield from (f"  warning: {warning}" for warning in plan.warnings)
    if plan.refused:
        yield f"  would be refused: {plan.refused}"
    if not plan.enough:
        yield f"  too little: at least {FEWEST_DECISIONS} decisions that are over are needed"
