import os
from errno import EMFILE
from types import SimpleNamespace

import pytest

from decisioning.errors import ArtifactError, CatalogError, UnavailableError
from features.catalog_source import compiled_catalog
from features.feature_set import FeatureSet
from serving.kept import AGAIN_SECONDS, Kept
from serving.metrics import Metrics


@pytest.fixture
def path(tmp_path):
    return tmp_path / "thing"


def write(path, text):
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)  # noqa: PTH105  # as publication does


def a_kept(path, load, **more):
    return Kept("thing", path, load=load, version_of=str, first="none", metrics=Metrics(), **more)


@pytest.fixture
def kept(path):
    def load():
        if path.read_text() == "bad":
            raise CatalogError(f"{path}:1: this one is bad")
        return path.read_text()

    return a_kept(path, load)


def test_what_was_first_stays_until_there_is_something(kept, path):
    kept.refresh()
    assert kept.current == "none"
    write(path, "one")
    assert kept.changed()
    kept.refresh()
    assert kept.current == "one"
    assert not kept.changed()


def test_a_bad_one_never_replaces_a_working_one(kept, path):
    write(path, "one")
    kept.refresh()
    write(path, "bad")
    kept.refresh()
    assert (kept.current, kept.refused) == ("one", "invalid_catalog: thing:1: this one is bad")
    write(path, "two")
    kept.refresh()
    assert (kept.current, kept.refused) == ("two", "")


def test_a_bad_one_is_tried_once(kept, path):
    write(path, "bad")
    kept.refresh()
    assert not kept.changed()


PASSING = [
    (ArtifactError("the trial load took longer than 60 s", passing=True), "invalid_artifact: the trial load took long"),
    (OSError(EMFILE, "Too many open files"), "unreadable: Too many open files"),
    (UnavailableError("the archive is locked"), "unavailable: the archive is locked"),
]


@pytest.mark.parametrize(("problem", "told"), PASSING)
def test_what_could_not_be_judged_is_refused_and_tried_again_after_a_pause_until_it_is(path, problem, told):
    outcomes, now = [problem, problem, "new"], [0.0]

    def load():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    kept = a_kept(path, load, clock=lambda: now[0])
    write(path, "new")
    for _ in range(2):
        kept.refresh()
        assert kept.is_missing
        assert kept.refused.startswith(told)
        now[0] += AGAIN_SECONDS - 1
        assert not kept.changed()
        now[0] += 1
        assert kept.changed()
    kept.refresh()
    assert (kept.current, kept.refused) == ("new", "")
    now[0] += AGAIN_SECONDS
    assert not kept.changed()


def test_another_version_waits_for_no_pause(path):
    def load():
        if path.read_text() == "slow":
            raise ArtifactError("the trial load took longer than 60 s", passing=True)
        return path.read_text()

    kept = a_kept(path, load)
    write(path, "slow")
    kept.refresh()
    write(path, "other")
    kept.refresh()
    assert (kept.current, kept.refused) == ("other", "")


def test_of_a_file_that_vanished_what_was_last_loaded_stays_and_it_is_told(kept, path):
    write(path, "one")
    kept.refresh()
    path.unlink()
    kept.refresh()
    assert (kept.current, kept.refused) == ("one", "missing: thing is not there any more")
    assert not kept.changed()
    write(path, "two")
    kept.refresh()
    assert (kept.current, kept.refused) == ("two", "")


def test_metrics_say_of_one_version_that_it_serves(path):
    metrics = Metrics()
    kept = Kept("thing", path, load=path.read_text, version_of=str, first="none", metrics=metrics)
    write(path, "one")
    kept.refresh()
    text = metrics.render().decode()
    assert 'tsugi_serving{version="one",what="thing"} 1.0' in text
    assert 'tsugi_serving{version="none",what="thing"} 0.0' in text


@pytest.mark.parametrize(("content", "passing"), [(None, True), (b"\xff", False), (b"actions: [", False)])
def test_a_catalogue_that_could_not_be_read_is_not_judged_and_one_that_is_none_is(path, content, passing):
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(CatalogError) as failed:
        compiled_catalog(SimpleNamespace(catalog_path=path), FeatureSet.load(None))
    assert failed.value.passing is passing
