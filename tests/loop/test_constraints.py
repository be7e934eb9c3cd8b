"""What a workspace declares of its propensities holds for the bundle of a retraining, and is told with it."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from decisioning.errors import InvalidInputError
from pipelines.composition import compose
from pipelines.dry_run import plan_training
from pipelines.recording.retraining import data_tag
from pipelines.retrain import retrain
from training.declared_constraints import constraints_version
from training.registry import Registry

DECLARED = 'rising = ["days_since_activity"]\ntogether = [["orders", "age_years"]]\n'
N_STEPS = 40


@pytest.fixture(scope="module")
def retrained(business, tmp_path_factory):
    folder = tmp_path_factory.mktemp("constrained")
    home, workspace = (shutil.copytree(getattr(business, part), folder / part) for part in ("home", "workspace"))
    settings = workspace / "tsugi.toml"
    settings.write_text(settings.read_text().replace("[training]\n", f"[training]\n{DECLARED}"))
    with compose(home, workspace, clock=business.clock) as composition:
        result, candidate = retrain(composition, as_of=business.clock(), promote=False)
    registry = Registry.open(home, workspace="bank")
    return SimpleNamespace(
        home=home,
        workspace=workspace,
        candidate=candidate,
        run=registry.client.get_run(result.run_id),
        registry=registry,
        training=composition.workspace.training,
        version=result.version,
    )


def test_the_written_bundle_keeps_to_it(retrained):
    bundle, later = retrained.candidate.bundle, retrained.candidate.split.evaluation.take(np.arange(100))
    customers = np.repeat(bundle.encode(later.features, n_rows=len(later)), N_STEPS, axis=0)
    place = [column.name for column in bundle.response.layout.columns].index("days_since_activity")
    customers[:, place] = np.tile(np.linspace(0.0, 60.0, N_STEPS), len(later))
    candidates = [entry.candidate() for entry in bundle.response.layout.actions.entries]
    found = bundle.score_matrix(customers, candidates).propensity.reshape(len(later), N_STEPS, -1)
    assert np.diff(found, axis=1).min() >= -1e-12


def test_the_run_and_the_model_card_have_its_version(retrained):
    version = constraints_version(retrained.training)
    assert retrained.run.data.params["training.constraints"] == version
    card = retrained.registry.client.get_model_version(retrained.registry.model, str(retrained.version)).description
    assert f"Version {version}. No propensity falls as one of these rises: days_since_activity." in card
    assert "only within: orders, age_years." in card


def test_other_constraints_are_something_new_to_learn(retrained):
    def tag(training):
        composition = SimpleNamespace(
            workspace=SimpleNamespace(training=training), catalog=SimpleNamespace(catalog=SimpleNamespace(version="c"))
        )
        return data_tag(SimpleNamespace(fingerprint="f" * 64), composition)

    free = retrained.training.model_copy(update={"rising": (), "together": ()})
    assert tag(free) == f"{'f' * 32}-c"
    assert tag(retrained.training) == f"{tag(free)}-{constraints_version(retrained.training)}"


def test_a_dry_run_says_that_uplift_is_the_pooled_models_and_refuses_what_there_is_not(retrained, business):
    plan = plan_training(retrained.home, retrained.workspace, as_of=business.clock())
    version = constraints_version(retrained.training)
    assert any(
        f"of the pooled model alone, as its propensity keeps to the constraints {version}" in m for m in plan.models
    )
    settings = retrained.workspace / "tsugi.toml"
    settings.write_text(settings.read_text().replace('"days_since_activity"', '"nobody"'))
    with pytest.raises(InvalidInputError, match="'nobody' is no number feature"):
        plan_training(retrained.home, retrained.workspace, as_of=business.clock())
