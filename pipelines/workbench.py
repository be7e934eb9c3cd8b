"""A data scientist's way from a notebook to a challenger: the log, the rows, and the same gate.

with open_workbench(home, workspace) as bench:
rows = bench.rows()
model = LGBMClassifier().fit(rows.train.matrix, rows.train.label, init_score=rows.train.offset)
judged = bench.judge(model)
bench.register(judged, name="my first challenger")
"""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import pandas as pd

from features.historical import training_frame
from pipelines.candidate import Candidate
from pipelines.champion import champion_bundle
from pipelines.composition import Composition, compose
from pipelines.lease import lease
from pipelines.materialize import materialize
from pipelines.recording.retraining import Own, record_training
from pipelines.retrain import encoder_of, judge_bundle, learnable_log, split_log
from training.bundle import PolicyBundle
from training.dataset import DecisionLogFrame, TimeSplit
from training.encoding import ActionTable, Layout
from training.exposure import evidence_by_time
from training.ground import Ground, prepare
from training.learning import search_of
from training.own_model import as_blend
from training.promotion import CANDIDATE
from training.registry import Registry


@dataclass(frozen=True, slots=True)
class Judged:
    """An estimator that the gate has judged.

    Parameters: `candidate`, with the verdict and its reasons; `settings`, the estimator's own parameters; `folder`, the
    bundle as it was written, until the workbench is closed.
    """

    candidate: Candidate
    settings: dict[str, object]
    folder: Path

    @property
    def passed(self) -> bool:
        """Whether it may serve."""
        return self.candidate.verdict.promoted

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in plain words."""
        return self.candidate.verdict.reasons


class Workbench:
    """The matured decisions of a workspace, cut in time as a retraining cuts them. Made by `open_workbench`."""

    def __init__(self, composition: Composition, as_of: datetime) -> None:
        self.closing = ExitStack()
        self._composition = composition
        self._as_of = as_of
        self.frame: DecisionLogFrame = learnable_log(composition, as_of=as_of)
        self.split: TimeSplit = split_log(composition, self.frame)
        self.layout = Layout(encoder_of(composition), ActionTable.of(composition.catalog.catalog))

    def close(self) -> None:
        """Let go of the stores."""
        self.closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def columns(self) -> list[str]:
        """The names of the columns of `rows`, in order."""
        return [column.name for column in self.layout.columns]

    @property
    def categorical(self) -> list[int]:
        """Positions of the columns whose numbers are codes of words."""
        return self.layout.categorical

    def training_frame(self, entity_frame: pd.DataFrame) -> pd.DataFrame:
        """Features of customers at moments, as they were known then; see `features.historical.training_frame`."""
        return training_frame(self._composition.home, self._composition.features, entity_frame)

    def rows(self) -> Ground:
        """What to learn from: `train` and `later` rows of shown actions, each with matrix, label and offset.

        The offset is the log-odds of what would happen anyway: an estimator learns what showing adds to it (LightGBM's
        `init_score`), and fits trees on `train` while `later` stops it.
        """
        return self._ground

    def judge(self, estimator: Any) -> Judged:
        """Let the gate judge an estimator on the evaluated part, which it must not have seen.

        Raises: `InvalidInputError` where it cannot be shipped as text, or reads other columns.
        """
        effect = as_blend(estimator, self.layout)
        response = self._ground.finish(effect, effect)
        bundle = PolicyBundle("", self._composition.catalog.catalog.version, response)
        folder = Path(self.closing.enter_context(TemporaryDirectory(prefix="tsugi-bundle-")))
        candidate = judge_bundle(
            self._composition,
            bundle,
            self.split,
            frame=self.frame,
            as_of=self._as_of,
            folder=folder,
            champion=champion_bundle(self._composition.home.path),
        )
        return Judged(candidate, _settings(estimator), folder / CANDIDATE)

    def register(self, judged: Judged, *, name: str) -> int:
        """Write it into MLflow and make it the challenger, whatever the gate said; the version's number.

        `tsugi promote --version` makes it serve. Raises `BusyError` while a retraining is running.
        """
        home = self._composition.home
        with lease(home.lock("retrain"), work="retraining"):
            registry = Registry.open(home.path, workspace=self._composition.workspace.name)
            version, _ = record_training(
                self._composition,
                registry,
                judged.candidate,
                frame=self.frame,
                folder=judged.folder,
                as_of=self._as_of,
                own=Own(name, judged.settings),
            )
            registry.challenge(version)
        return version

    @cached_property
    def _ground(self) -> Ground:
        training = self._composition.workspace.training
        train, later = evidence_by_time(self.split, self.layout, seed=training.seed)
        return prepare(train, later, layout=self.layout, search=search_of(training))


def open_workbench(home: Path, workspace: Path, *, as_of: datetime | None = None) -> Workbench:
    """Bring the history up to the ledger and read the decisions that had matured by a moment (default: now).

    Close it, or use it in a `with`. Raises: `InvalidInputError` (`too_little_data`) where there are too few.
    """
    with ExitStack() as stack:
        composition = stack.enter_context(compose(home, workspace))
        materialize(composition)
        bench = Workbench(composition, as_of or composition.clock())
        bench.closing = stack.pop_all()
        return bench


def _settings(estimator: Any) -> dict[str, object]:
    told = estimator.get_params() if hasattr(estimator, "get_params") else getattr(estimator, "params", {})
    return {"estimator": type(estimator).__name__, **{f"estimator.{key}": value for key, value in dict(told).items()}}
