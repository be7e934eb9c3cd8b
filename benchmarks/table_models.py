"""Automated models of any table beside their peers, on the same folds in the same run: quality.md, part C.

Nothing is chosen on a judged row: tuning, candidate, calibration and trail come from the learned part of each fold.
Folds are learned side by side, each by one thread; CPU is of the whole fit at the default budget, the ensemble
included. A line to standard error tells of every fold that is done.
"""

import os
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from time import process_time

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships no types

from benchmarks.identity_data import data_folder
from benchmarks.report import Cell, Report
from benchmarks.table_data import BANK_IN_TIME, SOURCES, Source, table
from benchmarks.table_peers import peers
from training.encoding import FeatureColumn
from training.metrics import Quality
from training.tabular.choice import Task, choose
from training.tabular.folds import last_share
from training.tabular.label import labels
from training.tabular.learn import HELD_OUT, Prepared, in_blocks, model_of, prepare
from training.trees import Rows

OURS = "tsugi model fit"
SEED = 42


@dataclass(frozen=True, slots=True)
class Result:
    """One model on one fold. Parameters: `seconds` of CPU to fit it; `chosen`, what it is where it chose."""

    model: str
    quality: Quality
    seconds: float
    chosen: str = ""


IN_TIME = "bank in time"


def run(*, quick: bool) -> Report:
    jobs = [(IN_TIME, 0)]
    jobs += [(name, number) for name, source in SOURCES.items() for number in range(1 if quick else source.n_folds)]
    workers = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        found = list(zip(jobs, pool.map(one, jobs), strict=True))
    rows: list[dict[str, Cell]] = []
    for name in (*SOURCES, IN_TIME):
        rows += _table(name, [result for (of, _), results in found if of == name for result in results])
    about = (
        "Mean over stratified folds (10; hillstrom 5), and the last 20 % of the bank's rows in order of time. ECE: "
        "expected calibration error, beside that of a perfect model on as many rows."
    )
    return Report(about, rows)


def one(job: tuple[str, int]) -> list[Result]:
    """Every model on one fold of one table."""
    name, number = job
    results = list(in_time() if name == IN_TIME else random_fold(SOURCES[name], number))
    for each in results:
        q = each.quality
        told = f"{q.auc:.4f} {q.log_loss:.4f} {q.calibration_error:.4f} ({q.calibration_floor:.4f})"
        sys.stderr.write(f"{name} {number}: {each.model}: {told} {each.seconds:.1f} s {each.chosen}\n")
    return results


def _table(name: str, results: list[Result]) -> list[dict[str, Cell]]:
    models = list(dict.fromkeys(result.model for result in results))
    return [_row(name, model, [r for r in results if r.model == model]) for model in models]


def _row(name: str, model: str, results: list[Result]) -> dict[str, Cell]:
    measured = {
        key: np.array([getattr(result.quality, of) for result in results])
        for key, of in (
            ("AUC", "auc"),
            ("log loss", "log_loss"),
            ("ECE", "calibration_error"),
            ("f", "calibration_floor"),
        )
    }
    chosen = [result.chosen for result in results if result.chosen]
    return {
        "table": name,
        "model": model,
        "AUC": f"{measured['AUC'].mean():.4f} ± {measured['AUC'].std():.3f}",
        "log loss": f"{measured['log loss'].mean():.4f}",
        "ECE (floor)": f"{measured['ECE'].mean():.3f} ({measured['f'].mean():.3f})",
        "CPU s": round(float(np.mean([result.seconds for result in results])), 1),
        "chosen": ", ".join(f"{c} ({chosen.count(c)})" for c in dict.fromkeys(chosen)),
    }


def random_fold(source: Source, number: int) -> Iterator[Result]:
    """Ours and every peer on one of the stratified folds."""
    frame = table(source, data_folder())
    label = frame[source.roles.label].to_numpy()
    learned, judged = list(StratifiedKFold(source.n_folds, shuffle=True, random_state=SEED).split(label, label))[number]
    prepared = prepare(frame.iloc[learned], source.roles)
    judged_rows = _rows(prepared, frame.iloc[judged], source)
    began = process_time()
    with threadpool_limits(limits=1):
        task = Task(prepared.plan.columns)
        choice = choose(prepared.rows, task)
        model = model_of(prepared, choice, task)
    spent = process_time() - began
    probability = model.score_matrix(judged_rows.matrix).probability
    chosen = f"{choice.candidate.name}, {choice.calibration.method}"
    yield Result(OURS, Quality.of(judged_rows.label, probability), spent, chosen)
    yield from _by_peers(prepared.plan.columns, prepared.rows, judged_rows)


def _rows(prepared: Prepared, frame: pd.DataFrame, source: Source) -> Rows:
    return Rows(prepared.plan.matrix(frame), labels(frame[source.roles.label], prepared.positive))


def _by_peers(columns: tuple[FeatureColumn, ...], learned: Rows, judged: Rows) -> Iterator[Result]:
    for name, fit in peers(columns).items():
        began = process_time()
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bins of equal edges, said of every fold
            score = fit(learned)
        spent = process_time() - began
        yield Result(name, Quality.of(judged.label, score(judged.matrix)), spent)


def in_time() -> Iterator[Result]:
    """The bank's last fifth by what lies before it: still, with the trailing intercept, and relearned in blocks."""
    prepared = prepare(table(BANK_IN_TIME, data_folder()), BANK_IN_TIME.roles)
    rows, task = prepared.rows, Task(prepared.plan.columns, in_time=True)
    fold = last_share(len(rows), HELD_OUT)
    learned = rows.take(fold.learned)
    with threadpool_limits(limits=1):
        began = process_time()
        choice = choose(learned, task)
        model = model_of(replace(prepared, rows=learned), choice, task)
        spent = process_time() - began
        probability = model.score_matrix(rows.matrix[fold.judged]).probability
        still = Quality.of(rows.label[fold.judged], probability)
        yield Result(OURS, still, spent, f"{choice.candidate.name}, {choice.calibration.method}")
        for judgement in in_blocks(rows, fold, choice):
            yield Result(f"{OURS}: {judgement.split}", judgement.quality, process_time() - began)
    yield from _by_peers(prepared.plan.columns, learned, rows.take(fold.judged))
