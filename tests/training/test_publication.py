import shutil
from dataclasses import replace
from datetime import UTC, datetime
from errno import ENOSPC
from threading import Event
from time import sleep
from types import SimpleNamespace

import orjson
import pytest
from meanwhile import meanwhile
from patience import until
from response_world import a_frame, a_layout

from decisioning.errors import ArtifactError, InvalidInputError, NotFoundError
from features.rollout_pointer import end_rollout, read_rollout
from pipelines.registry_told import reconcile
from training.artifact import verify, write_bundle
from training.champion_log import LOG, champion_changes, note_champion, standing
from training.constant import ConstantBundle, constant_entries
from training.manifest import FORMAT, POINTER, champion_path, read_content, sha256_of, version_of
from training.publication import champion, clear_half_copied, publish, publish_challenger, roll_back_published


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
    assert len(list((tmp_path / "home" / "bundles").iterdir())) == 4  # two bundles, the pointer, who was champion


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


@pytest.fixture
def tried_here(monkeypatch):
    """Bundles are tried in this process: what is tested is what becomes of them."""
    monkeypatch.setattr("training.publication.verify_in_subprocess", verify)


def published_in_order(tmp_path, seeds):
    """The versions of bundles that became champion one after the other."""
    for seed in seeds:
        folder = tmp_path / f"run-{seed}"
        publish(folder if folder.exists() else a_written_bundle(folder, seed)[0], tmp_path / "home", number=seed)
    return [each.version for each in standing(champion_changes(tmp_path / "home"))]


@pytest.mark.usefixtures("tried_here")
def test_rolling_back_goes_from_champion_to_champion(tmp_path):
    home = tmp_path / "home"
    first, third = published_in_order(tmp_path, (1, 3, 3))
    assert (roll_back_published(home).number, champion(home).name) == (1, first)
    _, second = published_in_order(tmp_path, (2,))
    assert champion(home).name == second != third
    assert roll_back_published(home).version == first
    with pytest.raises(NotFoundError, match="no champion served before"):
        roll_back_published(home)
    assert "".join(each.how[0] for each in champion_changes(home)) == "ppprpr"


@pytest.mark.usefixtures("tried_here")
def test_a_champion_of_a_home_that_kept_no_log_can_be_gone_back_to(tmp_path):
    home = tmp_path / "home"
    (first,) = published_in_order(tmp_path, (1,))
    (home / "bundles" / LOG).unlink()
    published_in_order(tmp_path, (2,))
    assert roll_back_published(home).version == first == champion(home).name


@pytest.mark.usefixtures("tried_here")
def test_what_was_written_down_and_never_served_is_no_champion_to_go_back_to(tmp_path):
    home = tmp_path / "home"
    first, second = published_in_order(tmp_path, (1, 2))
    note_champion(home, replace(champion_changes(home)[-1], version="f" * 16))  # killed before the pointer was swapped
    assert champion(home).name == second
    assert roll_back_published(home).version == first


A_CHANGE = {"version": "f" * 16, "sha256": "0" * 64, "number": 1, "how": "promoted", "at": ""}
DAMAGED = [b"{", b"{}", b"[1]", b"[{}]", *(orjson.dumps([{**A_CHANGE, name: 1.5}]) for name in A_CHANGE)]


@pytest.mark.usefixtures("tried_here")
@pytest.mark.parametrize("said", DAMAGED, ids=repr)
def test_a_log_of_champions_that_is_damaged_is_named_with_the_way_out(tmp_path, said):
    home = tmp_path / "home"
    _, second = published_in_order(tmp_path, (1, 2))
    (home / "bundles" / LOG).write_bytes(said)
    with pytest.raises(ArtifactError, match=r"champions\.json: expected the changes .*; remove it to go on"):
        roll_back_published(home)
    (home / "bundles" / LOG).unlink()
    assert published_in_order(tmp_path, (1,))[0] == second


@pytest.fixture
def cut_short(tried_here, monkeypatch):
    """A rollback by a disk that has room for the log and none for the pointer."""

    def full(*_):
        raise OSError(ENOSPC, "No space left on device")

    def rolled_back(home):
        with monkeypatch.context() as disk:
            disk.setattr("training.publication.replace_file", full)
            with pytest.raises(OSError, match="No space left"):
                roll_back_published(home)

    return rolled_back


def test_a_rollback_that_was_cut_short_can_be_tried_again_and_goes_where_it_was_to_go(tmp_path, cut_short):
    home = tmp_path / "home"
    first, second, third = published_in_order(tmp_path, (1, 2, 3))
    cut_short(home)
    cut_short(home)
    assert champion(home).name == third
    assert (roll_back_published(home).version, champion(home).name) == (second, second)
    assert (roll_back_published(home).version, champion(home).name) == (first, first)


class ARegistry:
    """A registry of bundles in order, from number 1 on, with a champion by number."""

    def __init__(self, bundles, champion):
        self.bundles, self.champion = bundles, champion

    def holder(self, _):
        return self.version(self.champion)

    def version(self, number):
        if not 0 < number <= len(self.bundles):
            raise NotFoundError(str(number))
        return SimpleNamespace(number=number, bundle=self.bundles[number - 1])

    def promote(self, number):
        self.champion = number
        return self.version(number)


def test_the_registry_is_told_of_the_champion_that_serves_and_of_none_that_never_came_to_serve(tmp_path, cut_short):
    home = tmp_path / "home"
    registry = ARegistry(published_in_order(tmp_path, (1, 2, 3)), champion=1)
    cut_short(home)
    assert (reconcile(registry, home), registry.champion) == (3, 3)
    assert reconcile(registry, home) is None


@pytest.mark.usefixtures("tried_here")
def test_a_registry_made_anew_keeps_its_champion_where_another_bundle_has_the_number_of_the_one_that_serves(tmp_path):
    published_in_order(tmp_path, (1, 2))
    for bundles in (["a", "b"], ["a", "b", "c"], ["a"]):
        registry = ARegistry(bundles, champion=1)
        assert (reconcile(registry, tmp_path / "home"), registry.champion) == (None, 1)


@pytest.mark.usefixtures("tried_here")
def test_nobody_goes_back_to_a_champion_that_was_altered(tmp_path):
    home = tmp_path / "home"
    first, second = published_in_order(tmp_path, (1, 2))
    manifest = home / "bundles" / first / "bundle.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"0", b"1", 1))
    with pytest.raises(ArtifactError, match="sha256"):
        roll_back_published(home)
    assert champion(home).name == second


def a_model_folder(folder):
    """What a bundle with a file of text is to publication; returns its version."""
    folder.mkdir()
    body = {"format": FORMAT, "files": {"effect.txt": sha256_of(b"tree 1")}}
    content = {**body, "version": version_of(body), "report": {"rows": 10}}
    (folder / "effect.txt").write_bytes(b"tree 1")
    (folder / "bundle.json").write_bytes(orjson.dumps(content))
    return content["version"]


@pytest.fixture
def read_here(monkeypatch):
    """Bundles are read, and not tried: their files are what is tested."""
    monkeypatch.setattr("training.publication.verify_in_subprocess", lambda folder: read_content(folder)[0]["version"])


@pytest.mark.usefixtures("read_here")
def test_what_is_being_published_is_not_taken_for_what_a_killed_publication_left(tmp_path, monkeypatch):
    home, copying, copyfile = tmp_path / "home", Event(), shutil.copyfile

    def clear(_):
        copying.wait(60)
        clear_half_copied(home)

    def copied_slowly(source, target):
        copying.set()
        sleep(0.1)
        return copyfile(source, target)

    version = a_model_folder(tmp_path / "run")
    monkeypatch.setattr(shutil, "copyfile", copied_slowly)
    with meanwhile(clear):
        published = publish(tmp_path / "run", home)
    assert champion_path(home) == published == home / "bundles" / version
    assert {path.name for path in published.iterdir()} == {"bundle.json", "effect.txt"}


PUBLISHED = {"promoted": publish, "challenging": lambda folder, home: publish_challenger(folder, home, share=0.1)}


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize("how", PUBLISHED)
@pytest.mark.parametrize(("file", "right", "wrong"), [("effect.txt", b"1", b"2"), ("bundle.json", b"10", b"11")])
def test_what_was_altered_below_the_home_is_repaired_by_publishing_and_never_pointed_to(
    tmp_path, how, file, right, wrong
):
    home = tmp_path / "home"
    published = home / "bundles" / a_model_folder(tmp_path / "run")
    publish(tmp_path / "run", home)
    whole = (published / file).read_bytes()
    (published / file).write_bytes(whole.replace(right, wrong))
    PUBLISHED[how](tmp_path / "run", home)
    assert (published / file).read_bytes() == whole
    assert {path.name for path in published.iterdir()} == {"bundle.json", "effect.txt"}
    assert champion_path(home) == published


@pytest.mark.usefixtures("tried_here")
def test_the_same_content_published_with_another_report_can_still_be_rolled_back_to(tmp_path):
    home = tmp_path / "home"
    first, second = published_in_order(tmp_path, (1, 2))
    bundle = ConstantBundle("", "c", constant_entries(a_frame(500, seed=1)))
    write_bundle(
        bundle, tmp_path / "again", created_at=datetime(2026, 7, 1, tzinfo=UTC), entries=a_layout().actions.entries
    )
    publish(tmp_path / "again", home)
    assert (roll_back_published(home).version, roll_back_published(home).version) == (second, first)


@pytest.mark.usefixtures("tried_here")
def test_a_challenger_is_published_beside_the_champion_and_ends_with_it(tmp_path):
    home = tmp_path / "home"
    (first,) = published_in_order(tmp_path, (1,))
    folder, version = a_written_bundle(tmp_path / "challenger", seed=9)
    pointer = publish_challenger(folder, home, share=0.05, since_seq=7, number=4)
    assert (read_rollout(home), champion(home).name) == (pointer, first)
    assert (pointer.mode, pointer.version, pointer.since_seq) == ("canary", version, 7)
    published_in_order(tmp_path, (2,))
    assert (read_rollout(home).mode, read_rollout(home).reason[-15:]) == ("ended", "became champion")
    assert end_rollout(home, "again") is None


@pytest.mark.usefixtures("tried_here")
def test_a_guard_ends_only_the_challenger_that_it_means(tmp_path):
    home = tmp_path / "home"
    folder, _ = a_written_bundle(tmp_path / "challenger")
    one = publish_challenger(folder, home, share=0.05)
    other = publish_challenger(folder, home, share=0.2)
    assert end_rollout(home, "it fails", only=one) is None
    assert read_rollout(home) == other
    assert end_rollout(home, "it fails", only=other) == other


@pytest.mark.usefixtures("tried_here")
@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_is_from_none_to_all(tmp_path, share):
    with pytest.raises(InvalidInputError, match="from 0 to 1"):
        publish_challenger(a_written_bundle(tmp_path / "run")[0], tmp_path / "home", share=share)


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

    with meanwhile(watch) as (watching,):
        until(lambda: seen, going_on=lambda: not watching.done())
        publish(runs[1], home)
        until(lambda: len(seen) > 1, going_on=lambda: not watching.done())
    assert None not in seen
    assert len(seen) == 2
