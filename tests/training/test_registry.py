"""The registry on a real MLflow with SQLite."""

import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import orjson
import pytest

from decisioning.errors import NotFoundError
from pipelines.registry_told import reconcile
from training.champion_log import Champion, note_champion
from training.manifest import POINTER
from training.plots import gain_curve
from training.promotion import Check, Verdict
from training.registry import Registry
from training.tracking import connect
from training.tracking_run import Fingerprint, git_commit

pytestmark = pytest.mark.filterwarnings(
    # mlflow 3.17 configures its mappers with an option that sqlalchemy 2.1 deprecates
    "ignore:The ``noload`` loader strategy is deprecated"
)

VERDICT = Verdict(
    promoted=True,
    serve="candidate",
    constant="always card",
    checks=(Check("doing nothing", passed=True, reason="better than doing nothing: +1.00", low=0.5),),
    outcome="promoted: the candidate serves",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home of mlflow")


@pytest.fixture
def registry(home, request) -> Registry:
    return Registry.open(home, workspace=request.node.name[:60])


def a_bundle(folder: Path, text: str = "{}") -> Path:
    folder.mkdir(parents=True)
    (folder / "bundle.json").write_text(text)
    return folder


def registered(registry: Registry, folder: Path, names: str) -> list[int]:
    with registry.retraining("retrain") as run:
        return [registry.register(run, a_bundle(folder / name), bundle=name).number for name in names]


def test_a_retraining_is_one_run_with_a_nested_run_per_model(registry, tmp_path):
    with registry.retraining("retrain", commit="abc123") as run:
        run.log_data(Fingerprint("decisions", "d1g35t", "ledger.db", 1200, "2026-01-31T00:00:00Z"))
        with run.nested("propensity") as model:
            model.log(params={"trials": 20}, metrics={"log_loss": 0.4}, tags={"kind": "propensity"})
            model.log_features(["age", "income"])
            model.log_plots({"gain": gain_curve(np.array([0.9, 0.1]), np.array([1, 0]))})
    parent, child = registry.client.get_run(run.run_id), registry.client.get_run(model.run_id)
    assert parent.info.status == child.info.status == "FINISHED"
    assert child.data.tags["mlflow.parentRunId"] == run.run_id
    assert parent.data.tags["mlflow.source.git.commit"] == "abc123"
    assert parent.inputs.dataset_inputs[0].dataset.digest == "d1g35t"
    assert (child.data.params, child.data.metrics) == ({"trials": "20"}, {"log_loss": 0.4})
    assert {file.path for file in registry.client.list_artifacts(model.run_id)} == {"features.json", "plots"}
    assert {file.path for file in registry.client.list_artifacts(model.run_id, "plots")} == {"plots/gain.png"}


def test_a_retraining_that_fails_is_recorded_as_failed(registry):
    with pytest.raises(ZeroDivisionError), registry.retraining("retrain") as run:
        raise ZeroDivisionError
    assert registry.client.get_run(run.run_id).info.status == "FAILED"


def test_a_bundle_is_registered_as_its_folder_is(registry, tmp_path, home):
    with registry.retraining("retrain") as run:
        version = registry.register(run, a_bundle(tmp_path / "b", '{"version": "v1"}'), bundle="v1")
    assert (version.number, version.bundle, version.run_id) == (1, "v1", run.run_id)
    assert [(file.name, file.read_text()) for file in version.folder.iterdir()] == [
        ("bundle.json", '{"version": "v1"}')
    ]
    assert version.folder.is_relative_to(home / "mlartifacts")


def test_the_verdict_is_written_on_run_and_version(registry, tmp_path):
    with registry.retraining("retrain") as run:
        version = registry.register(run, a_bundle(tmp_path / "b"), bundle="v1")
        registry.record_verdict(run, version, VERDICT)
    written = registry.client.get_run(run.run_id).data
    assert written.tags["gate"] == "promoted"
    assert written.tags["gate.reasons"] == "better than doing nothing: +1.00\npromoted: the candidate serves"
    assert written.tags["mlflow.note.content"] == "- better than doing nothing: +1.00\n- promoted: the candidate serves"
    assert written.metrics == {"gate.promoted": 1.0, "gate.doing_nothing.low": 0.5}
    assert registry.client.get_model_version(registry.model, "1").tags["gate.serve"] == "candidate"


def test_nobody_is_champion_at_first(registry):
    assert registry.holder("champion") is None


def test_rolling_back_moves_the_alias_and_marks_the_version_that_it_leaves(registry, tmp_path):
    first, second = registered(registry, tmp_path, "ab")
    registry.promote(first)
    registry.promote(second)
    assert registry.roll_back_to(first).bundle == "a"
    assert registry.holder("champion").number == first
    assert registry.client.get_model_version(registry.model, str(second)).tags["rolled_back"] == "true"


def test_a_challenger_that_is_promoted_ceases_to_be_one(registry, tmp_path):
    first, second = registered(registry, tmp_path, "ab")
    registry.promote(first)
    registry.challenge(second)
    assert registry.holder("challenger").number == second
    registry.promote(second)
    assert registry.holder("challenger") is None


def came_to_serve(home, version, number, how):
    """Let a bundle serve in a home, whatever the registry knows of it."""
    (home / "bundles").mkdir(exist_ok=True)
    note_champion(home, Champion(version, "", number, how, ""))
    (home / "bundles" / POINTER).write_bytes(orjson.dumps({"version": version, "sha256": ""}))


def tags_of(registry, number):
    return registry.client.get_model_version(registry.model, str(number)).tags


def test_a_promotion_that_was_killed_before_the_registry_knew_is_made_good_as_a_promotion(registry, tmp_path):
    first, second = registered(registry, tmp_path / "made", "ab")
    registry.promote(first)
    registry.challenge(second)
    came_to_serve(tmp_path, "b", second, "promoted")
    assert reconcile(registry, tmp_path) == registry.holder("champion").number == second
    assert registry.holder("challenger") is None
    assert tags_of(registry, first) == {"bundle": "a"}
    assert tags_of(registry, second) == {"bundle": "b", "previous_champion": str(first)}


def test_a_rollback_that_the_registry_did_not_know_of_marks_the_version_that_it_left(registry, tmp_path):
    first, second = registered(registry, tmp_path / "made", "ab")
    registry.promote(second)
    came_to_serve(tmp_path, "a", first, "promoted")
    came_to_serve(tmp_path, "b", second, "promoted")
    came_to_serve(tmp_path, "a", first, "rolled back")
    assert reconcile(registry, tmp_path) == registry.holder("champion").number == first
    assert tags_of(registry, second)["rolled_back"] == "true"
    assert "previous_champion" not in tags_of(registry, first)


def test_a_bundle_that_was_registered_again_and_promoted_anew_is_champion_by_its_new_number(registry, tmp_path):
    first, second = registered(registry, tmp_path / "made", "a") + registered(registry, tmp_path / "again", "a")
    came_to_serve(tmp_path, "a", first, "promoted")
    came_to_serve(tmp_path, "a", second, "promoted")
    registry.promote(second)
    assert reconcile(registry, tmp_path) is None
    assert registry.holder("champion").number == second


def test_a_version_that_is_not_registered_cannot_be_promoted_and_is_told_beside_those_that_are(registry, tmp_path):
    with pytest.raises(NotFoundError, match=r"no version 9 of .*; none is registered yet"):
        registry.promote(9)
    registered(registry, tmp_path, "ab")
    with pytest.raises(NotFoundError, match=r"no version 9 of .*; the newest are 2, 1"):
        registry.promote(9)


@pytest.mark.parametrize("gone", [True, False], ids=["moved", "copied"])
def test_a_home_that_was_moved_or_copied_keeps_its_artifacts_to_itself(tmp_path, gone):
    orig, elsewhere = tmp_path / "orig", tmp_path / "else where"
    (old,) = registered(Registry.open(orig, workspace="bank"), tmp_path / "made", "a")
    before = sorted(orig.rglob("bundle.json"))
    (shutil.move if gone else shutil.copytree)(orig, elsewhere)
    registry = Registry.open(elsewhere, workspace="bank")
    (new,) = registered(registry, tmp_path / "made", "b")
    assert [registry.version(number).folder.is_relative_to(elsewhere) for number in (old, new)] == [True, True]
    assert all((registry.version(number).folder / "bundle.json").exists() for number in (old, new))
    assert sorted(orig.rglob("bundle.json")) == ([] if gone else before)


def test_artifacts_that_lie_outside_of_the_home_on_purpose_stay_there(tmp_path):
    home, outside = tmp_path / "home", (tmp_path / "shared" / "of all").as_uri()
    connect(home).create_experiment("bank", artifact_location=outside)
    (number,) = registered(Registry.open(home, workspace="bank"), tmp_path / "made", "a")
    (home / "mlartifacts").mkdir()
    again = Registry.open(home, workspace="bank")
    assert again.client.get_experiment(again.experiment_id).artifact_location == outside
    assert (again.version(number).folder / "bundle.json").exists()


def test_retrainings_that_were_killed_end_as_killed_with_their_models_and_whatever_else_runs_goes_on(registry):
    foreign = registry.client.create_run(registry.experiment_id, run_name="by hand").info.run_id
    with (
        registry.retraining("killed") as run,
        registry.model_run(run, "churn") as model,
        model.nested("trial") as trial,
    ):
        assert registry.end_left_running() == 3
        states = [registry.client.get_run(each.run_id).info.status for each in (run, model, trial)]
    assert states == ["KILLED"] * 3
    assert registry.client.get_run(foreign).info.status == "RUNNING"
    assert registry.end_left_running() == 0


PRELOADED = [
    "training.registry",
    "mlflow.tracking.client",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.model_registry.sqlalchemy_store",
]
"""What is imported once and then forked: eight imports of mlflow would take a minute."""


def _open(home: Path, ready: multiprocessing.Barrier) -> None:
    ready.wait()
    Registry.open(home, workspace="bank")


@pytest.mark.slow
def test_eight_processes_may_start_at_once_on_an_empty_home(tmp_path, registry):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    ready = context.Barrier(8)
    workers = [context.Process(target=_open, args=(tmp_path / "new", ready)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(600)
    assert [worker.exitcode for worker in workers] == [0] * 8
    assert len(connect(tmp_path / "new").search_registered_models()) == 1


def test_the_commit_of_this_code_is_known_and_elsewhere_there_is_none(tmp_path):
    assert git_commit(tmp_path) == ""
    assert len(git_commit(Path(__file__).parent).rstrip("+")) in (0, 40)
