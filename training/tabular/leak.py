"""Leak checks: columns that know the label too well, or only after it; rows that stand on both sides of a split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from training.encoding import Floats, Matrix
from training.metrics import auc
from training.tabular.cells import days
from training.tabular.folds import Fold, stratified
from training.tabular.table import Plan, Roles
from training.tabular.when import moments
from training.trees import Rows

TOO_WELL = 0.97
"""A single column with this AUC is refused: nothing known beforehand predicts people like that."""
SUSPICIOUS = 0.80
"""A single column with this AUC is told."""
N_BINS = 20
LATER = 0.01
"""A share of dates after their own row's time that is no mere slip."""


DIFFERING = 0.1
"""Of the pairs of equal rows, the share with different labels beyond which they are no copies, as a part of what
labels drawn by chance would differ in."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. Parameters: `column`, "" where it is about rows; `refused`, or only told."""

    check: Literal["predicts_too_well", "known_later", "identical_rows"]
    column: str
    message: str
    refused: bool


def column_findings(rows: Rows, plan: Plan, *, seed: int) -> list[Finding]:
    """Columns that predict too well by themselves, each judged on rows that did not set its rates."""
    folds = stratified(rows.label, n_folds=2, seed=seed)
    areas = (own_auc(rows.matrix[:, place], rows.label, folds) for place in range(len(plan.columns)))
    found = zip(plan.columns, plan.sources, areas, strict=True)
    return [_too_well(column.name, source, area) for column, source, area in found if area >= SUSPICIOUS]


def own_auc(values: Matrix, label: Floats, folds: Sequence[Fold]) -> float:
    """The AUC of the rates in twenty bins of one column (missing is a bin), over rows that did not set the rates."""
    bins = _bins(values)
    score = np.empty(len(label))
    for fold in folds:
        size = np.bincount(bins[fold.learned], minlength=bins.max() + 1)
        yes = np.bincount(bins[fold.learned], weights=label[fold.learned], minlength=bins.max() + 1)
        score[fold.judged] = ((yes + label[fold.learned].mean()) / (size + 1.0))[bins[fold.judged]]
    return auc(label, score)


def _bins(values: Matrix) -> np.ndarray:
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    distinct = np.unique(known)
    edges = distinct if len(distinct) <= N_BINS else np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)))
    return np.where(np.isfinite(values), np.searchsorted(edges, values, side="left") + 1, 0).astype(np.int64)


def _too_well(name: str, source: str, area: float) -> Finding:
    refused = area >= TOO_WELL
    question = (
        "leave it out with --drop, or say with --keep that it is known in time" if refused else "is it known in time?"
    )
    message = f"column {name!r} alone predicts the label with an AUC of {area:.3f}: {question}"
    return Finding("predicts_too_well", source, message, refused)


def time_findings(frame: pd.DataFrame, plan: Plan, roles: Roles) -> list[Finding]:
    """Columns whose dates lie after the time of their own row: nobody knew them then."""
    if roles.time is None:
        return []
    at = moments(frame[roles.time])
    dates = [name for name, kind in plan.kinds.items() if kind == "date"]
    found = [(name, float(np.mean(days(frame[name]) > at))) for name in dates]
    return [_later(name, share, roles.time) for name, share in found if share > 0]


def _later(name: str, share: float, time: str) -> Finding:
    message = f"column {name!r} lies after {time!r} in {share:.1%} of the rows: it was not known then; --drop it"
    return Finding("known_later", name, message, share >= LATER)


def row_findings(rows: Rows, fold: Fold) -> list[Finding]:
    """Rows that stand, identical in every column and in the label, on both sides of the split."""
    both = copies(rows, fold)
    if not both.any():
        return []
    share = both.mean()
    message = f"{both.sum():,} of {len(both):,} held-out rows ({share:.1%}) also stand among those learned from"
    return [Finding("identical_rows", "", f"{message}; they do not judge", share >= 0.5)]


def copies(rows: Rows, fold: Fold) -> np.ndarray:
    """Which of the judged rows (n_judged,) are copies of learned ones: twins, in a table whose columns tell rows apart.

    Where few words or numbers are said, equal rows are different people, and their labels differ: none is a copy then.
    Copies agree with all learned rows that are equal to them; where some rows are alike by chance besides, most have
    one only, and agree with that.
    """
    cell, label = np.unique(_keys(rows.matrix), return_inverse=True)[1].ravel(), rows.label[fold.judged]
    size, yes = (
        np.bincount(cell[fold.learned], weights=weights, minlength=cell.max() + 1)[cell[fold.judged]]
        for weights in (np.ones(len(fold.learned)), rows.label[fold.learned])
    )
    differing = np.where(label > 0, size - yes, yes)
    most = DIFFERING * 2 * rows.label.mean() * (1 - rows.label.mean())
    one = size == 1
    agree = differing.sum() <= most * size.sum()
    if agree or (one.sum() > 0.5 * (size > 0).sum() and differing[one].sum() <= most * one.sum()):
        return twins(rows, fold)
    return np.zeros(len(label), dtype=bool)


def twins(rows: Rows, fold: Fold) -> np.ndarray:
    """Which of the judged rows (n_judged,) have an identical one among those learned from, label included."""
    keys = _keys(np.column_stack([rows.matrix, rows.label]))
    return np.isin(keys[fold.judged], keys[fold.learned])


def _keys(matrix: Matrix) -> np.ndarray:
    """One comparable value for all of each row, (n,)."""
    whole = np.ascontiguousarray(np.nan_to_num(np.asarray(matrix, dtype=np.float64), nan=-9.75e300))
    return whole.view(np.dtype((np.void, whole.dtype.itemsize * whole.shape[1]))).ravel()
