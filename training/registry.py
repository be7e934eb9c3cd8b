"""The catalogue of what was trained: MLflow runs, and one registered model per workspace with its aliases.

Each retraining is one run of the workspace's experiment; each kind of model it trained is a run of the kind's own
experiment, `<workspace>-<kind>`, with the trials of its search nested below, so that a kind can be compared over time.
The whole bundle is registered as `<workspace>-policy`; the aliases `champion` and `challenger` move on bundles only, so
a swap is atomic. MLflow is the catalogue, never the loader: artifacts are our own folders, registered as they are,
verified and loaded by `training.artifact`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlparse

from decisioning.errors import NotFoundError
from training.promotion import Verdict
from training.running import WORKSPACE, end_running
from training.tracking import connect, experiment
from training.tracking_run import LONGEST_TAG, Run, started

BUNDLE = "bundle"
DESCRIPTION = "mlflow.note.content"
"""The tag that MLflow shows as a run's description."""
NEWEST = 10
"""Versions that are named where another one was meant."""

Alias = Literal["champion", "challenger"]


@dataclass(frozen=True, slots=True)
class RegisteredBundle:
    """A registered version: its number, the bundle's own version, its folder, and the retraining run that made it."""

    number: int
    bundle: str
    folder: Path
    run_id: str


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry of one workspace in one home; `Registry.open` makes it ready.

    Parameters: `client`, MLflow's; `home` and `workspace`; `experiment_id`, of its retrainings; `model`, the registered
    model's name.
    """

    client: Any = field(repr=False)
    home: Path
    workspace: str
    experiment_id: str
    model: str

    @classmethod
    def open(cls, home: Path, *, workspace: str) -> "Registry":
        """Connect to the home's MLflow, migrating it once, and find or make the workspace's experiment and model."""
        client, model = connect(home), f"{workspace}-policy"
        registry = cls(client, home, workspace, experiment(client, home, workspace), model)
        registry._make_model()
        return registry

    @contextmanager
    def retraining(self, name: str, *, commit: str = "", tags: Mapping[str, str] | None = None) -> Iterator[Run]:
        """The parent run of one retraining; it ends as failed where its body raises.

        Parameters: `commit`, the code's git commit; see `tracking_run.git_commit`.
        """
        ours = {"mlflow.source.git.commit": commit, WORKSPACE: self.workspace}
        with started(self.client, self.experiment_id, name, {**ours, **(tags or {})}) as run:
            yield run

    def end_left_running(self) -> int:
        """End, as killed, the workspace's retrainings that still run, with the runs of their models; how many runs."""
        return end_running(self.client, self.experiment_id, self.workspace)

    def experiment_of(self, kind: str) -> str:
        """The id of the experiment of one kind of model, made where it is missing."""
        return experiment(self.client, self.home, f"{self.workspace}-{kind}")

    @contextmanager
    def model_run(self, retraining: Run, kind: str) -> Iterator[Run]:
        """The run of one kind of model within a retraining; each names the other by tags."""
        name = self.client.get_run(retraining.run_id).info.run_name
        with started(self.client, self.experiment_of(kind), name, {"tsugi.retraining": retraining.run_id}) as run:
            retraining.log(tags={f"tsugi.run.{kind}": run.run_id})
            yield run

    def register(self, run: Run, folder: Path, *, bundle: str) -> RegisteredBundle:
        """Keep the bundle's folder as it is among the run's artifacts, and register it as a new version."""
        self.client.log_artifacts(run.run_id, str(folder), BUNDLE)
        source = f"{self.client.get_run(run.run_id).info.artifact_uri}/{BUNDLE}"
        made = self.client.create_model_version(self.model, source, run.run_id, tags={"bundle": bundle})
        return _registered(made)

    def describe(self, version: RegisteredBundle, text: str) -> None:
        """Show a text, such as the model card, as the version's description."""
        self.client.update_model_version(self.model, str(version.number), text[:LONGEST_TAG])

    def record_verdict(self, run: Run, version: RegisteredBundle, verdict: Verdict) -> None:
        """Write what the gate said, as tags, metrics and description of the run and as tags of the version."""
        told = {
            "gate": "promoted" if verdict.promoted else "refused",
            "gate.serve": verdict.serve,
            "gate.constant": verdict.constant or "",
            "gate.reasons": "\n".join(verdict.reasons),
        }
        lows = {
            f"gate.{check.role.replace(' ', '_')}.low": check.low for check in verdict.checks if check.low is not None
        }
        described = "\n".join(f"- {reason}" for reason in verdict.reasons)
        metrics = {"gate.promoted": float(verdict.promoted), **lows}
        run.log(tags={**told, DESCRIPTION: described}, metrics=metrics)
        for key, value in told.items():
            self.tag(version.number, key, value)

    def promote(self, number: int) -> RegisteredBundle:
        """Make a version the champion, remembering the one before it; a challenger that is promoted ceases to be one.

        Raises `NotFoundError` of a version that is not registered.
        """
        version, before = self.version(number), self.holder("champion")
        if before is not None and before.number != number:
            self.client.set_model_version_tag(self.model, str(number), "previous_champion", str(before.number))
        self._move("champion", number)
        challenger = self.holder("challenger")
        if challenger is not None and challenger.number == number:
            self.client.delete_registered_model_alias(self.model, "challenger")
        return version

    def challenge(self, number: int) -> RegisteredBundle:
        """Make a version the challenger, which shadows."""
        version = self.version(number)
        self._move("challenger", number)
        return version

    def roll_back_to(self, number: int) -> RegisteredBundle:
        """Move the champion back to a version, and mark the one that it leaves; what serves was moved before.

        Raises `NotFoundError` of a version that is not registered.
        """
        version, left = self.version(number), self.holder("champion")
        self._move("champion", number)
        if left is not None and left.number != number:
            self.client.set_model_version_tag(self.model, str(left.number), "rolled_back", "true")
        return version

    def tag(self, number: int, key: str, value: str) -> None:
        """Write something on a version."""
        self.client.set_model_version_tag(self.model, str(number), key, value[:LONGEST_TAG])

    def holder(self, alias: Alias) -> RegisteredBundle | None:
        """The version that holds an alias; None where nobody does."""
        number = self.client.get_registered_model(self.model).aliases.get(alias)
        return None if number is None else self.version(int(number))

    def version(self, number: int) -> RegisteredBundle:
        """A registered version by its number. Raises `NotFoundError` where it is not registered."""
        from mlflow.exceptions import MlflowException

        try:
            return _registered(self.client.get_model_version(self.model, str(number)))
        except MlflowException as error:
            raise NotFoundError(f"no version {number} of {self.model}; {self._in_words()}") from error

    def _in_words(self) -> str:
        """Which versions there are."""
        newest = self.client.search_model_versions(
            f"name = '{self.model}'", max_results=NEWEST, order_by=["version_number DESC"]
        )
        named = ", ".join(str(each.version) for each in newest)
        return f"the newest are {named}" if named else "none is registered yet: `tsugi retrain` does that"

    def _move(self, alias: Alias, number: int) -> None:
        self.client.set_registered_model_alias(self.model, alias, str(number))

    def _make_model(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.client.create_registered_model(self.model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise


def _registered(version: Any) -> RegisteredBundle:
    folder = Path(unquote(urlparse(version.source).path))
    return RegisteredBundle(int(version.version), version.tags.get("bundle", ""), folder, version.run_id)
