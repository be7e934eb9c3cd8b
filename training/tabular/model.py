"""A table's model: probabilities of rows, how sure they are, and what each column contributed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from decisioning.errors import ArtifactError
from training.booster_text import Texts, in_letters
from training.encoding import Floats, Matrix
from training.logistic import sigmoid
from training.tabular.choice import Choice, Task
from training.tabular.isotonic import AnyCalibration, calibration_from_json
from training.tabular.mixture import Mixture
from training.tabular.table import Plan
from training.tabular.trail import Trail
from training.trees import Rows

KIND = "table"
NINETY = 1.6449
"""Standard deviations on either side of the middle nine tenths of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Probabilities (n,) and the ends of the interval that 90 % of models on such data give."""

    probability: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class TableModel:
    """P(the label is `positive`) of a table's rows.

    Parameters: `plan`, how columns are read; `label`, its column; `mixture`, what scores; `members`, the same fitted on
    rows drawn with replacement, which say only how sure it is (their mean scores worse: each has seen two thirds of
    the rows); `calibration`; `trail`, how the intercept follows outcomes; `negative`, the label's other
    word ("" of a model that does not say).
    """

    plan: Plan
    label: str
    positive: str
    mixture: Mixture
    members: tuple[Mixture, ...]
    calibration: AnyCalibration
    trail: Trail
    negative: str = ""

    @cached_property
    def width(self) -> int:
        """Columns of the matrix."""
        return len(self.plan.columns)

    def margin(self, matrix: Matrix) -> Floats:
        """Calibrated log-odds (n,)."""
        return self.calibration.margin(self.mixture.margin(matrix))

    def score(self, frame: pd.DataFrame) -> Scores:
        """Probabilities of a table's rows; raises `TableError` where a column is not there."""
        return self.score_matrix(self.plan.matrix(frame))

    def score_matrix(self, matrix: Matrix, *, shift: Floats | float = 0.0) -> Scores:
        """The same of a matrix (n, n_columns). Parameters: `shift` (n,), added to the log-odds."""
        margin = self.margin(matrix) + shift
        if len(self.members) < 2:
            return Scores(sigmoid(margin), np.full(len(matrix), np.nan), np.full(len(matrix), np.nan))
        drawn = [self.calibration.margin(each.margin(matrix)) for each in self.members]
        spread = NINETY * np.std(drawn, axis=0, ddof=1)
        return Scores(sigmoid(margin), sigmoid(margin - spread), sigmoid(margin + spread))

    def to_json(self) -> tuple[dict[str, Any], Texts]:
        """Everything but the trees, and their text by file name."""
        texts: Texts = {}
        content = {
            "kind": KIND,
            "plan": self.plan.to_json(),
            "label": self.label,
            "positive": self.positive,
            "negative": self.negative,
            "mixture": self.mixture.to_json("model", texts),
            "members": [m.to_json(f"member_{in_letters(n)}", texts) for n, m in enumerate(self.members)],
            "calibration": self.calibration.to_json(),
            "trail": {"window": self.trail.window},
        }
        return content, texts

    @classmethod
    def from_json(cls, content: Mapping[str, Any], texts: Texts) -> "TableModel":
        """The model again; raises `ArtifactError` where something is missing or does not fit."""
        if content.get("kind") != KIND:
            raise ArtifactError(f"bundle.json: is of kind {content.get('kind')!r}, expected {KIND!r}")
        try:
            plan = Plan.from_json(content["plan"])
            width = len(plan.columns)
            return cls(
                plan,
                str(content["label"]),
                str(content["positive"]),
                Mixture.from_json(content["mixture"], texts, width=width),
                tuple(Mixture.from_json(each, texts, width=width) for each in content["members"]),
                calibration_from_json(content["calibration"]),
                Trail.from_json(content["trail"]),
                str(content.get("negative", "")),
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise ArtifactError(f"bundle.json: does not describe a table's model: {problem!r}") from problem


def members_of(rows: Rows, choice: Choice, task: Task) -> tuple[Mixture, ...]:
    """The chosen candidate on rows drawn with replacement, as often as the task says."""
    rng = np.random.default_rng(task.search.seed)
    draws = (np.sort(rng.integers(0, len(rows), len(rows))) for _ in range(task.n_members))
    return tuple(choice.workshop.fit(rows.take(draw), choice.candidate) for draw in draws)
