"""What is foreseen beside the best constant action: written, verified and asked as beside an order that was learned."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import numpy as np
import orjson
import pytest
from as_logged import as_logged
from response_world import a_frame, a_layout
from test_foresight_travels import SEARCH, an_event_model

from builders import NOON, a_catalog, a_customer, a_request, an_action
from decisioning.cold_start import CatalogScorer
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.errors import ArtifactError
from decisioning.explained import explained
from decisioning.outbound.block import weighed
from decisioning.outbound.crowd import Crowd
from decisioning.ports import is_bounded
from decisioning.replay import differences, replayed
from features.workspace import Gate
from pipelines.champion import foreseen_by
from pipelines.serve_constant import write_constant
from training.artifact import load_bundle, verify, write_bundle
from training.bundle import PolicyBundle
from training.constant import ConstantBundle, constant_entries
from training.dataset import split_by_time
from training.exposure import evidence_by_time
from training.foreseen_model import SpendModel
from training.manifest import MANIFEST, verify_in_subprocess, version_of
from training.propensity import fit_propensity
from training.publication import publish

LAYOUT = a_layout()
write = partial(write_bundle, created_at=datetime(2026, 6, 1, tzinfo=UTC), entries=LAYOUT.actions.entries)
N_CUSTOMERS = 40


@pytest.fixture(scope="module")
def models():
    model = an_event_model()
    blend = replace(model.blend, weight=0.5, trees=model.blend.trees or some_trees())
    churn = replace(model, blend=blend)
    return {"churn": churn, "value": SpendModel(churn, None, 40.0)}


def some_trees():
    import lightgbm

    from training.trees import Trees

    rng = np.random.default_rng(5)
    x = rng.normal(size=(300, 3))
    learned = lightgbm.Dataset(x, (x[:, 0] > 0).astype(float))
    return Trees(lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1}, learned, 5))


@pytest.fixture(scope="module")
def constant(models):
    return ConstantBundle("", "catalog-1", constant_entries(a_frame(2000)), models)


def test_what_neither_scores_nor_foresees_by_lightgbm_can_be_asked_in_place(constant, models, monkeypatch):
    assert is_bounded(constant)
    assert is_bounded(CatalogScorer())
    churn = models["churn"]
    strange = replace(churn, blend=replace(churn.blend, trees=some_trees()))
    monkeypatch.setattr("training.trees.trees_of", lambda _: None)
    assert not is_bounded(replace(constant, foreseen={"churn": strange}))
    assert not is_bounded(replace(constant, foreseen={"value": SpendModel(churn, some_trees(), 1.0)}))


@pytest.fixture(scope="module")
def policy(models):
    parts = split_by_time(a_frame(2000), validation_share=0.3, evaluation_share=0.1)
    response, _ = fit_propensity(*evidence_by_time(parts, LAYOUT, seed=1), layout=LAYOUT, search=SEARCH)
    return PolicyBundle("", "catalog-1", response, models)


@pytest.fixture(scope="module")
def written(constant, tmp_path_factory):
    folder = tmp_path_factory.mktemp("constant")
    write(constant, folder)
    return folder


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path / "bundle")


def reseal(folder, change):
    content = orjson.loads((folder / MANIFEST).read_bytes())
    change(content)
    content["version"] = version_of(content)
    (folder / MANIFEST).write_bytes(orjson.dumps(content))


def customers():
    rng = np.random.default_rng(2)
    columns = {f"x{place}": rng.normal(size=N_CUSTOMERS) for place in range(3)}
    columns["x1"][3] = np.nan
    return columns


# --- the artifact ------------------------------------------------------------------------------------------------


def test_what_a_constant_bundle_foresees_travels_to_the_bit(constant, written):
    loaded, columns = load_bundle(written), customers()
    assert verify(written) == verify_in_subprocess(written) == loaded.version
    many, before = (each.foresee_many(columns, n_rows=N_CUSTOMERS) for each in (loaded, constant))
    assert list(many) == ["churn", "value"]
    for name, found in many.items():
        np.testing.assert_array_equal(found, before[name])
    assert loaded.entries == constant.entries
    assert {path.suffix for path in written.iterdir()} == {".json", ".txt"}


def test_one_altered_byte_of_what_a_constant_bundle_foresees_is_refused(folder, tmp_path):
    text = folder / "churn.txt"
    damaged = bytearray(text.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    text.write_bytes(damaged)
    with pytest.raises(ArtifactError, match=r"churn\.txt: sha256 .*, expected"):
        load_bundle(folder)
    with pytest.raises(ArtifactError, match=r"churn\.txt: sha256"):
        publish(folder, tmp_path)


@pytest.mark.parametrize("kind", ["constant", "policy"])
def test_what_is_foreseen_otherwise_than_written_is_refused_by_the_trial(kind, tmp_path, request):
    write(request.getfixturevalue(kind), tmp_path)
    assert verify(tmp_path)
    reseal(tmp_path, lambda content: content["foreseen"]["value"]["amount"].update(scale=41.0))
    with pytest.raises(ArtifactError, match=r"golden row 0, foreseen\.value: scored"):
        verify(tmp_path)
    reseal(tmp_path, lambda content: content["foreseen"].pop("value"))
    with pytest.raises(ArtifactError, match="golden row 0, foreseen: churn, expected churn, value"):
        verify(tmp_path)


def test_a_constant_bundle_of_before_is_verified_and_foresees_nothing(constant, tmp_path):
    write(replace(constant, foreseen={}), tmp_path)

    def as_before(content):
        del content["foreseen"], content["golden"]["expected"]["foreseen"]

    reseal(tmp_path, as_before)
    assert verify(tmp_path) == load_bundle(tmp_path).version
    assert load_bundle(tmp_path).foresee({"x0": 1.0}) == {}


def test_a_later_retraining_finds_the_models_of_any_champion(constant, policy):
    assert foreseen_by(constant) is constant.foreseen
    assert foreseen_by(policy) is policy.foreseen
    assert foreseen_by(None) == {}


# --- decisions ---------------------------------------------------------------------------------------------------


def a_compiled_catalog():
    return compile_catalog(a_catalog(an_action("card"), an_action("dog", suitability="foreseen.churn > 0.5")))


def decided(scorer, features, compiled):
    found = consider(a_request(), a_customer(features=features), catalog=compiled, scorer=scorer)
    logged = as_logged(found)
    assert differences(logged, replayed(logged, catalog=compiled, scorer=scorer)) == ()
    return found, [(each.action, each.read) for each in explained(found, compiled, scorer) if each.became == "excluded"]


def test_a_condition_on_what_is_foreseen_decides_alike_whoever_ranks_alone_and_in_batches(constant, policy):
    compiled, columns = a_compiled_catalog(), customers()
    crowd = Crowd([f"c_{row}" for row in range(N_CUSTOMERS)], NOON, columns)
    blocks = {
        each.kind: weighed(crowd, compiled, compiled.catalog.placements["home"], each) for each in (constant, policy)
    }
    dog = [each.action.name for each in blocks["constant"].slate.candidates].index("dog")
    offered = set()
    for row in range(N_CUSTOMERS):
        features = crowd.customer(row).features
        alone, read = decided(constant, features, compiled)
        other, read_by_other = decided(policy, features, compiled)
        assert read == read_by_other
        found = {"dog" in each.eligible for each in (alone, other)}
        found |= {bool(np.isfinite(block.priority[row, dog])) for block in blocks.values()}
        assert found == {policy.foreseen["churn"].score(features) > 0.5}
        offered |= found
    assert offered == {True, False}


def test_a_constant_bundle_that_foresees_nothing_leaves_such_a_condition_unknown_to_all(constant):
    bare, compiled = replace(constant, foreseen={}), a_compiled_catalog()
    crowd = Crowd(["c_0"], NOON, {name: column[:1] for name, column in customers().items()})
    block = weighed(crowd, compiled, compiled.catalog.placements["home"], bare)
    assert {each.action: each.stage for each in decided(bare, {"x0": 9.0}, compiled)[0].exclusions} == {
        "dog": "suitability"
    }
    assert np.isfinite(block.priority).tolist() == [[True, False]]


# --- bounds ------------------------------------------------------------------------------------------------------


def test_what_is_foreseen_serves_within_the_bounds_of_the_gate_or_the_constant_action_serves_alone(constant, tmp_path):
    whole = write_constant(constant, tmp_path / "whole", gate=Gate(), write=write)
    assert (whole.broken, list(load_bundle(whole.folder).foreseen)) == ((), ["churn", "value"])
    for bound, reason in ((Gate(size_mib=0.001), "the bundle is too large"), (Gate(latency_ms=1e-4), "takes too long")):
        bare = write_constant(constant, tmp_path / reason, gate=bound, write=write)
        assert [each.startswith(reason) for each in bare.broken] == [True]
        assert load_bundle(bare.folder).foreseen == {}
        assert load_bundle(bare.folder).entries == constant.entries
        assert not list(bare.folder.glob("*.txt"))


def test_a_constant_action_with_nothing_foreseen_is_bounded_by_nothing(constant, tmp_path):
    bare = replace(constant, foreseen={})
    assert write_constant(bare, tmp_path, gate=Gate(size_mib=1e-9, latency_ms=1e-9), write=write).broken == ()
