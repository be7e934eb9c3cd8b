import shutil
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import orjson
import pytest
from response_world import a_frame, a_layout

from decisioning.errors import ArtifactError
from features.fast_layer.origin import Origin
from training.artifact import load_bundle, verify, write_bundle
from training.bundle import PolicyBundle
from training.constant import ConstantBundle, constant_entries
from training.dataset import split_by_time
from training.exposure import evidence_by_time
from training.manifest import MANIFEST, origin_of, read_manifest, verify_in_subprocess, version_of
from training.propensity import fit_propensity
from training.tuning import Search

WRITTEN = datetime(2026, 6, 1, tzinfo=UTC)
LAYOUT = a_layout()
CANDIDATES = [entry.candidate() for entry in LAYOUT.actions.entries]


@pytest.fixture(scope="module")
def bundle():
    parts = split_by_time(a_frame(3000), validation_share=0.3, evaluation_share=0.1)
    evidence = evidence_by_time(parts, LAYOUT, seed=1)
    model, _ = fit_propensity(*evidence, layout=LAYOUT, search=Search(trials=2))
    return PolicyBundle("", "catalog-1", model)


@pytest.fixture(scope="module")
def written(bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    write_bundle(bundle, folder, created_at=WRITTEN)
    return folder


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path / "bundle")


def trees_of(folder):
    return sorted(folder.glob("*.txt"))[0]


def reseal(folder, change):
    """Alter the manifest as an attacker who knows the hashes would."""
    content = orjson.loads((folder / MANIFEST).read_bytes())
    change(content)
    content["version"] = version_of(content)
    (folder / MANIFEST).write_bytes(orjson.dumps(content))


def test_a_loaded_bundle_scores_and_explains_to_the_bit_as_before(bundle, written):
    loaded = load_bundle(written)
    for features in ({}, {"x0": 1.5, "x3": -2.0, "segment": "private"}, {"x1": 1e9, "segment": "no such word"}):
        before, after = bundle.score(features, CANDIDATES), loaded.score(features, CANDIDATES)
        np.testing.assert_array_equal(before.propensity, after.propensity)
        np.testing.assert_array_equal(before.uplift, after.uplift)
        assert bundle.explain(features, CANDIDATES[0]) == loaded.explain(features, CANDIDATES[0])


def test_the_version_is_a_hash_of_the_content_whenever_it_was_written(bundle, written, tmp_path):
    again = write_bundle(bundle, tmp_path / "again", created_at=datetime(2027, 1, 1, tzinfo=UTC), report={"auc": 0.7})
    assert again == load_bundle(written).version == read_manifest(written)["version"]


def test_until_when_it_learned_is_kept_beside_it_and_is_no_part_of_its_version(bundle, written, tmp_path):
    until, home = datetime(2026, 5, 1, 12, tzinfo=UTC), tmp_path / "bundles"
    version = write_bundle(bundle, home / read_manifest(written)["version"], created_at=WRITTEN, learned_until=until)
    assert version == read_manifest(written)["version"]
    assert origin_of(tmp_path, version) == Origin(WRITTEN, dict(bundle.response.information), until)
    shutil.copytree(written, home / version, dirs_exist_ok=True)
    assert origin_of(tmp_path, version) == Origin(WRITTEN, dict(bundle.response.information))


def test_it_is_tried_in_another_process(written):
    assert verify_in_subprocess(written) == read_manifest(written)["version"]


def test_golden_rows_are_made_up_and_have_gaps_and_unknown_words(written):
    rows = read_manifest(written)["golden"]["rows"]
    values = [value for row in rows for value in row.values()]
    assert None in values
    assert "no such word" in values


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_a_truncated_file_is_refused_before_it_is_parsed(folder, share):
    path = trees_of(folder)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ArtifactError, match=rf"{path.name}: sha256 \w+, expected \w+"):
        load_bundle(folder)


def test_every_flipped_byte_of_the_trees_is_refused(folder):
    path = trees_of(folder)
    data = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(data), 100):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(ArtifactError, match=path.name):
            load_bundle(folder)


def test_an_edited_manifest_is_refused(folder):
    path = folder / MANIFEST
    path.write_bytes(path.read_bytes().replace(b'"catalog-1"', b'"catalog-2"'))
    with pytest.raises(ArtifactError, match=r"bundle\.json: version '\w+', expected '\w+' by content"):
        load_bundle(folder)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'{"format": 2}', b'{"format": 1, "x": NaN}'])
def test_a_manifest_that_is_none_is_refused(folder, text):
    (folder / MANIFEST).write_bytes(text)
    with pytest.raises(ArtifactError, match=r"bundle\.json"):
        load_bundle(folder)


def test_a_missing_file_is_named(folder, tmp_path):
    name = trees_of(folder).name
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=rf"{name}: expected a plain file"):
        load_bundle(folder)
    with pytest.raises(ArtifactError, match=r"bundle\.json: expected a plain file"):
        load_bundle(tmp_path / "nowhere")


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path):
    path = trees_of(folder)
    path.rename(tmp_path / "outside.txt")
    path.symlink_to(tmp_path / "outside.txt")
    with pytest.raises(ArtifactError, match="expected a plain file"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["../effect.txt", "/etc/passwd", "effect.pkl", "a/b.txt"])
def test_a_file_name_outside_the_folder_is_refused(folder, name):
    reseal(folder, lambda content: content["files"].update({name: "0" * 64}))
    with pytest.raises(ArtifactError, match="file name"):
        load_bundle(folder)


@pytest.mark.parametrize("part", ["features", "effect", "shrinkage", "shown_calibration", "seen"])
def test_a_manifest_without_a_part_is_refused(folder, part):
    reseal(folder, lambda content: content.pop(part))
    with pytest.raises(ArtifactError, match=r"bundle\.json: does not describe a bundle"):
        load_bundle(folder)


def test_what_the_rows_say_of_each_action_travels_and_may_be_missing_but_not_be_less_than_nothing(bundle, folder):
    told = bundle.response.information
    assert 0 < told["card"] <= bundle.response.seen["card"] / 4
    assert load_bundle(folder).response.information == told
    reseal(folder, lambda content: content["information"].update(card=-1.0))
    with pytest.raises(ArtifactError, match=r"information -1\.0 on 'card'"):
        load_bundle(folder)
    reseal(folder, lambda content: content.pop("information"))
    assert load_bundle(folder).response.information == {}


def test_trees_of_another_width_are_refused(folder):
    reseal(folder, lambda content: content["features"].append({"name": "new", "kind": "number", "categories": []}))
    with pytest.raises(ArtifactError, match=r"expected \d+"):
        load_bundle(folder)


def test_scores_that_are_not_the_golden_ones_are_refused_by_the_trial(folder):
    reseal(folder, lambda content: content["shrinkage"].update(slope=0.123))
    with pytest.raises(ArtifactError, match="golden row 0"):
        verify(folder)
    with pytest.raises(ArtifactError, match="the trial load failed: golden row 0"):
        verify_in_subprocess(folder)


def test_a_trial_that_hangs_is_ended(written):
    with pytest.raises(ArtifactError, match=r"took longer than 0\.01 s") as late:
        verify_in_subprocess(written, timeout_seconds=0.01)
    assert late.value.passing


@pytest.mark.parametrize(("end", "passing"), [("kill -KILL $$", True), ("kill -SEGV $$", False), ("exit 1", False)])
def test_a_trial_that_was_killed_says_nothing_of_the_bundle_and_one_that_crashed_does(
    written, tmp_path, monkeypatch, end, passing
):
    ends = tmp_path / "ends"
    ends.write_text(f"#!/bin/sh\n{end}\n")
    ends.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(ends))
    with pytest.raises(ArtifactError, match="the trial load failed") as failed:
        verify_in_subprocess(written)
    assert failed.value.passing is passing


def test_a_constant_bundle_travels_the_same_way(tmp_path):
    constant = ConstantBundle("", "catalog-1", constant_entries(a_frame(2000)))
    write_bundle(constant, tmp_path, created_at=WRITTEN, entries=LAYOUT.actions.entries)
    assert verify(tmp_path) == load_bundle(tmp_path).version
    np.testing.assert_array_equal(
        load_bundle(tmp_path).score({}, CANDIDATES).priority, constant.score({}, CANDIDATES).priority
    )


def test_loading_needs_neither_tuning_nor_tracking_nor_a_feature_store():
    code = "import sys, training.artifact; print(sorted({'optuna', 'mlflow', 'feast', 'duckdb'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
