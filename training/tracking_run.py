"""One run of MLflow: what a retraining, or one kind of model within it, writes down."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time_ns
from typing import Any

LONGEST_TAG = 5000
"""Characters; MLflow refuses tags that are much longer."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Which data a run learned from.

    Parameters: `name` of the data; `digest`, a hash of its content; `source`, where it lies; `n_rows`; `until`, the
    last moment in it.
    """

    name: str
    digest: str
    source: str
    n_rows: int
    until: str


@dataclass(frozen=True, slots=True)
class Run:
    """One MLflow run that is being written.

    Parameters: `client` and `experiment_id` of the home's MLflow; `run_id`.
    """

    client: Any
    experiment_id: str
    run_id: str

    def log(
        self,
        *,
        params: Mapping[str, object] | None = None,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, object] | None = None,
    ) -> None:
        """Write parameters, metrics and tags in one transaction; single writes are slow."""
        from mlflow.entities import Metric, Param, RunTag

        now = time_ns() // 1_000_000
        self.client.log_batch(
            self.run_id,
            params=[Param(key, str(value)[:LONGEST_TAG]) for key, value in (params or {}).items()],
            metrics=[Metric(key, float(value), now, 0) for key, value in (metrics or {}).items()],
            tags=[RunTag(key, str(value)[:LONGEST_TAG]) for key, value in (tags or {}).items()],
        )

    def log_steps(self, name: str, values: Mapping[int, float]) -> None:
        """Write one metric as it went, by step."""
        from mlflow.entities import Metric

        now = time_ns() // 1_000_000
        self.client.log_batch(self.run_id, metrics=[Metric(name, value, now, step) for step, value in values.items()])

    def log_data(self, data: Fingerprint, *, context: str = "training") -> None:
        """Write which data was used, as MLflow's own data set input."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        source, profile = json.dumps({"uri": data.source}), json.dumps({"n_rows": data.n_rows, "until": data.until})
        used = Dataset(data.name, data.digest, "local", source, profile=profile)
        self.client.log_inputs(self.run_id, [DatasetInput(used, [InputTag("mlflow.data.context", context)])])

    def log_features(self, names: list[str]) -> None:
        """Write the feature list, in the order that the model reads it."""
        self.client.log_dict(self.run_id, {"features": names}, "features.json")

    def log_json(self, content: Mapping[str, object], path: str) -> None:
        """Write a JSON document as an artifact, such as `evaluation.json`."""
        self.client.log_dict(self.run_id, dict(content), path)

    def log_text(self, content: str, path: str) -> None:
        """Write a text as an artifact, such as `model_card.md`."""
        self.client.log_text(self.run_id, content, path)

    def log_plots(self, plots: Mapping[str, Any]) -> None:
        """Write matplotlib figures as `plots/<name>.png`."""
        for name, figure in plots.items():
            self.client.log_figure(self.run_id, figure, f"plots/{name}.png")

    @contextmanager
    def nested(self, name: str) -> Iterator["Run"]:
        """A run below this one, for one kind of model."""
        with started(self.client, self.experiment_id, name, {"mlflow.parentRunId": self.run_id}) as child:
            yield child


@contextmanager
def started(client: Any, experiment_id: str, name: str, tags: Mapping[str, str]) -> Iterator[Run]:
    """A new run; it ends as finished, or as failed where the body raises."""
    run = Run(client, experiment_id, client.create_run(experiment_id, run_name=name, tags=dict(tags)).info.run_id)
    status = "FAILED"
    try:
        yield run
        status = "FINISHED"
    finally:
        client.set_terminated(run.run_id, status=status)


def git_commit(folder: Path) -> str:
    """The commit that a folder's code is at, with `+` where files differ from it; "" outside a repository."""

    def git(*arguments: str) -> str:
        command = ("git", "-C", str(folder), *arguments)
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words and a path
        return done.stdout.strip() if done.returncode == 0 else ""

    commit = git("rev-parse", "HEAD")
    return commit + ("+" if commit and git("status", "--porcelain", "--untracked-files=no") else "")
