from datetime import UTC, datetime

import orjson
import pytest
from meanwhile import meanwhile
from response_world import a_frame, a_layout

from decisioning.errors import ArtifactError
from training.artifact import POINTER, champion_path, write_bundle
from training.constant import ConstantBundle, constant_entries
from training.publication import champion, publish


def a_written_bundle(folder, seed=1):
    bundle = ConstantBundle("", "c", constant_entries(a_frame(500, seed=seed)))
    version = write_bundle(
        bundle, folder, created_at=datetime(2026, 6, 1, tzinfo=UTC), entries=a_layout().actions.entries
    )
    return folder, version


def test_nothing_is_published_at_first(tmp_path):
    assert champion(tmp_path) is None


def test_a_published_bundle_is_the_champion_and_the_next_one_replaces_it(tmp_path):
    for seed in (1, 2):
        folder, version = a_written_bundle(tmp_path / f"run-{seed}", seed)
        published = publish(folder, tmp_path / "home")
        assert champion(tmp_path / "home") == published == tmp_path / "home" / "bundles" / version
    assert len(list((tmp_path / "home" / "bundles").iterdir())) == 3  # two bundles and the pointer


def test_publishing_again_changes_nothing(tmp_path):
    folder, _ = a_written_bundle(tmp_path / "run")
    assert publish(folder, tmp_path / "home") == publish(folder, tmp_path / "home")


def test_a_bundle_that_does_not_verify_leaves_the_champion(tmp_path):
    home = tmp_path / "home"
    first = publish(a_written_bundle(tmp_path / "good")[0], home)
    bad, _ = a_written_bundle(tmp_path / "bad", seed=2)
    (bad / "bundle.json").write_bytes(b"{}")
    with pytest.raises(ArtifactError):
        publish(bad, home)
    assert champion(home) == first


def test_an_altered_champion_or_pointer_is_refused(tmp_path):
    home = tmp_path / "home"
    published = publish(a_written_bundle(tmp_path / "run")[0], home)
    manifest = published / "bundle.json"
    manifest.write_bytes(manifest.read_bytes() + b" ")
    with pytest.raises(ArtifactError, match="sha256"):
        champion_path(home)
    for said in (b"{", b"[]", orjson.dumps({"version": "../../etc", "sha256": "0"})):
        (home / "bundles" / POINTER).write_bytes(said)
        with pytest.raises(ArtifactError, match=r"champion\.json"):
            champion_path(home)


def test_a_reader_always_sees_a_whole_champion(tmp_path):
    home = tmp_path / "home"
    runs = [a_written_bundle(tmp_path / f"run-{seed}", seed)[0] for seed in (1, 2)]
    publish(runs[0], home)
    seen = set()

    def watch(stop):
        while not stop.is_set():
            seen.add(champion_path(home))

    with meanwhile(watch):
        publish(runs[1], home)
    assert None not in seen
    assert len(seen) <= 2
