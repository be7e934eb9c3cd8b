"""Scores a table by a model: a probability for every row, how sure it is, and in blocks where outcomes are known."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.model_table.file import read_table, write_table
from pipelines.model_table.report import auc_in_words
from training.encoding import Floats, Matrix
from training.manifest import read_manifest
from training.metrics import Quality
from training.tabular.folds import blocks
from training.tabular.label import labels, strange
from training.tabular.model import Scores, TableModel
from training.tabular.store import read_model
from training.tabular.table import TableError
from training.tabular.when import every_moment

COLUMNS = ("probability", "low", "high")


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Parameters: `file`, the table; `model`, the folder; `out`, the file to write; `blocks`, into how many the rows are
    cut in order of time, each scored before its outcomes move the intercept (1: all at once); `time`, their order;
    `prefix`, what the names of the new columns begin with.
    """

    file: Path
    model: Path
    out: Path
    blocks: int = 1
    time: str | None = None
    prefix: str = ""

    @property
    def added(self) -> tuple[str, ...]:
        """The columns that scoring adds to the table."""
        return tuple(f"{self.prefix}{name}" for name in COLUMNS)


@dataclass(frozen=True, slots=True)
class Scored:
    """What was scored. Parameters: `mean` probability; `quality`, where the table has the label."""

    rows: int
    mean: float
    out: str
    quality: Quality | None = None


def kind_of_model(folder: Path) -> str:
    """What a folder's model is of: a table, or value. Raises `ArtifactError`."""
    return str(read_manifest(folder).get("kind"))


def score_table(order: Order, *, say: Callable[[str], None] = lambda _: None) -> Scored:
    """Score the table that is ordered; the rows keep their order and their columns.

    Raises `ArtifactError` of a damaged model, `TableError` of a table that lacks a column or cannot be read.
    """
    model, frame = read_model(order.model), read_table(order.file)
    if frame.empty:
        raise TableError(f"{order.file.name} has no row", code="no_rows")
    _check_free(frame, order)
    known = _outcomes(frame[model.label], model, say) if model.label in frame.columns else None
    matrix = model.plan.matrix(frame, say=say)
    scores = _in_blocks(model, matrix, known, frame, order) if order.blocks > 1 else model.score_matrix(matrix)
    added = dict(zip(order.added, (scores.probability, scores.low, scores.high), strict=True))
    write_table(frame.assign(**added), order.out)
    return Scored(len(frame), float(scores.probability.mean()), str(order.out), _quality(known, scores))


def _outcomes(cells: pd.Series, model: TableModel, say: Callable[[str], None]) -> Floats:
    """What came of each row (n,); NaN where that is missing, or told in words that the model does not know."""
    known = labels(cells, model.positive)
    other = strange(cells, model.positive, model.negative)
    if len(other):
        found = ", ".join(map(repr, other.unique()[:5]))
        expected = f"{model.positive!r} or {model.negative!r}" if model.negative else f"{model.positive!r} for yes"
        say(f"the outcome {model.label!r} is {found} in {len(other):,} rows, expected {expected}: they judge nothing")
        known[cells.index.get_indexer(other.index)] = np.nan
    return known


def _check_free(frame: pd.DataFrame, order: Order) -> None:
    taken = [repr(name) for name in order.added if name in frame.columns]
    if taken:
        told = f"the table has {', '.join(taken)} of its own, which scoring would overwrite"
        way_out = "rename what the table has, or let --prefix begin the new names"
        raise TableError(f"{told}: {way_out}", code="column_taken", field="prefix")


def _in_blocks(model: TableModel, matrix: Matrix, known: Floats | None, frame: pd.DataFrame, order: Order) -> Scores:
    if known is None or not np.isfinite(known).all():
        raise TableError(f"scoring in blocks needs the outcome {model.label!r} of every row", field="blocks")
    place = np.argsort(_moments(frame, order.time), kind="stable")
    matrix = matrix[place]
    margin = model.margin(matrix)
    moved = model.trail.margins(margin, known[place], parts=blocks(len(frame), order.blocks))
    scores = model.score_matrix(matrix, shift=moved - margin)
    back = np.argsort(place, kind="stable")
    return Scores(scores.probability[back], scores.low[back], scores.high[back])


def _moments(frame: pd.DataFrame, time: str | None) -> Floats:
    if time is None:
        return np.arange(len(frame), dtype=np.float64)
    if time not in frame.columns:
        raise TableError(f"no column {time!r}; the table has: {', '.join(frame.columns)}", field="time")
    return every_moment(frame[time])


def _quality(known: Floats | None, scores: Scores) -> Quality | None:
    if known is None or not np.isfinite(known).any():
        return None
    rows = np.isfinite(known)
    return Quality.of(known[rows], scores.probability[rows])


def in_words(scored: Scored) -> str:
    """How many, how likely, and how right where that is known."""
    lines = [f"scored     {scored.rows:,} rows into {scored.out}, mean probability {scored.mean:.4f}"]
    if scored.quality:
        q = scored.quality
        area = auc_in_words(q)
        lines.append(f"outcomes   AUC {area}, log loss {q.log_loss:.4f}, calibration error {q.calibration_error:.3f}")
    return "\n".join(lines)
