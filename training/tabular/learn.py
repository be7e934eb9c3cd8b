"""From a table to a judged model: leak checks, the choice, a held-out judgement, then everything learned once more."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import process_time

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships no types

from training.encoding import Floats
from training.logistic import sigmoid
from training.metrics import Quality
from training.tabular.choice import Choice, Task, choose
from training.tabular.folds import Fold, blocks, last_share, stratified
from training.tabular.following import FOLLOWED, followed
from training.tabular.label import check_enough, labels, negative_word, positive_word
from training.tabular.leak import Finding, column_findings, copies, row_findings, time_findings
from training.tabular.model import TableModel, members_of
from training.tabular.table import Left, Plan, Roles, TableError, plan_of
from training.tabular.when import every_moment
from training.trees import Rows

HELD_OUT = 0.2
N_BLOCKS = 8
"""Blocks of the held-out rows, where they are in order of time."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """A table as it is learned from.

    Parameters: `label`, its column, which says yes by `positive` and no by `negative`; `rows`, in order of time where
    there is one; `n_unlabelled`, rows that were left out.
    """

    label: str
    plan: Plan
    rows: Rows
    positive: str
    left: tuple[Left, ...]
    findings: tuple[Finding, ...]
    fingerprint: str
    n_unlabelled: int
    negative: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How good the choice is on rows that took no part in it.

    Parameters: `split`, which rows they are; `label` and `probability` (n,) of them; `quality`.
    """

    split: str
    label: Floats
    probability: Floats
    quality: Quality

    @classmethod
    def of(cls, split: str, label: Floats, probability: Floats) -> "Judgement":
        """With its quality."""
        return cls(split, label, probability, Quality.of(label, probability))


@dataclass(frozen=True)
class Learned:
    """The model, and how it came to be. Parameters: `judgements`, the main one first; `cpu_seconds` of all of it."""

    model: TableModel
    choice: Choice
    judgements: tuple[Judgement, ...]
    prepared: Prepared
    cpu_seconds: float


class LeakError(TableError):
    """A column or the rows know the label."""

    code = "leak"


def prepare(frame: pd.DataFrame, roles: Roles, *, positive: str | None = None, seed: int = 7) -> Prepared:
    """Check the table and make it a matrix; raises `TableError`, `LeakError` with the column's name."""
    roles.check(frame)
    if frame.empty:
        raise TableError("the table has no row", code="no_rows")
    frame = _in_order(frame.reset_index(drop=True), roles)
    word = positive_word(frame[roles.label], positive)
    label = labels(frame[roles.label], word)
    known = np.isfinite(label)
    frame, label = frame[known].reset_index(drop=True), label[known]
    check_enough(label)
    plan, left = plan_of(frame, roles)
    rows = Rows(plan.matrix(frame), label)
    findings = [*time_findings(frame, plan, roles), *column_findings(rows, plan, seed=seed)]
    _refuse(findings, roles)
    no = negative_word(frame[roles.label], word)
    return Prepared(roles.label, plan, rows, word, left, tuple(findings), fingerprint(frame), int((~known).sum()), no)


def _refuse(findings: list[Finding], roles: Roles) -> None:
    for finding in findings:
        if finding.refused and finding.column not in roles.keep:
            raise LeakError(finding.message, field=finding.column or None)


def _in_order(frame: pd.DataFrame, roles: Roles) -> pd.DataFrame:
    if roles.time is None:
        return frame
    return frame.iloc[np.argsort(every_moment(frame[roles.time]), kind="stable")].reset_index(drop=True)


def fingerprint(frame: pd.DataFrame) -> str:
    """Sixteen hexadecimal digits by names and cells, in order: equal tables, equal words."""
    digest = hashlib.sha256("\x1f".join(map(str, frame.columns)).encode())
    digest.update(pd.util.hash_pandas_object(frame.astype("string"), index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]


def learn(prepared: Prepared, task: Task, *, say: Say = lambda _: None) -> Learned:
    """Choose and judge with a part held out, then learn from all of it what was chosen.

    The same table, seed and trials give the same model, to the byte. Raises `TableError`, `LeakError`.
    """
    began = process_time()
    with threadpool_limits(limits=1):
        rows, seed = prepared.rows, task.search.seed
        fold = last_share(len(rows), HELD_OUT) if task.in_time else stratified(rows.label, seed=seed)[0]
        rest = rows.take(fold.learned)
        check_enough(rest.label, "the part that is learned from")
        findings = row_findings(rows, fold)
        _refuse(findings, Roles(""))
        say(f"choosing among {len(task.candidates)} candidates on {len(rest):,} rows")
        choice = choose(rest, task)
        say(f"judging {choice.candidate.name!r} on {len(fold.judged):,} rows")
        judgements = _judged(rows, fold, choice, task)
        say("learning from all rows")
        model = model_of(prepared, choice, task)
    prepared = replace(prepared, findings=(*prepared.findings, *findings))
    return Learned(model, choice, judgements, prepared, process_time() - began)


def model_of(prepared: Prepared, choice: Choice, task: Task) -> TableModel:
    """What was chosen, learned from every row, with its ensemble."""
    mixture = choice.workshop.fit(prepared.rows, choice.candidate)
    members = members_of(prepared.rows, choice, task)
    return TableModel(
        plan=prepared.plan,
        label=prepared.label,
        positive=prepared.positive,
        mixture=mixture,
        members=members,
        calibration=choice.calibration,
        trail=choice.trail,
        negative=prepared.negative,
    )


def _judged(rows: Rows, fold: Fold, choice: Choice, task: Task) -> tuple[Judgement, ...]:
    if not task.in_time:
        new = fold.judged[~copies(rows, fold)]
        return (_judgement("held-out rows, drawn at random", rows, Fold(fold.learned, new), choice),)
    main = _judgement("the latest rows", rows, fold, choice)
    random = stratified(rows.label, seed=task.search.seed)[0]
    beside = _judgement("a random split beside it", rows, random, choice)
    return (main, *in_blocks(rows, fold, choice), beside)


def _judgement(split: str, rows: Rows, fold: Fold, choice: Choice) -> Judgement:
    return Judgement.of(split, rows.label[fold.judged], sigmoid(_margin(rows, fold, choice)))


def _margin(rows: Rows, fold: Fold, choice: Choice) -> Floats:
    fitted = choice.workshop.fit(rows.take(fold.learned), choice.candidate)
    return choice.calibration.margin(fitted.margin(rows.matrix[fold.judged]))


def in_blocks(rows: Rows, fold: Fold, choice: Choice) -> tuple[Judgement, ...]:
    """The later rows in blocks, each scored before it is learned: by the trailing intercept alone, and relearned."""
    parts = blocks(len(fold.judged), N_BLOCKS)
    label = rows.label[fold.judged]
    still = choice.trail.margins(_margin(rows, fold, choice), label, parts=parts)
    anew = followed(rows, fold.judged[0], choice.workshop, FOLLOWED, n_blocks=N_BLOCKS)
    names = (
        f"the same in {N_BLOCKS} blocks, the intercept trailing",
        "the same, relearned and weighed anew before each block",
    )
    return tuple(Judgement.of(n, label, sigmoid(margin)) for n, margin in zip(names, (still, anew), strict=True))
