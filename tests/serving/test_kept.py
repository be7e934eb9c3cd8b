import os

import pytest

from decisioning.errors import CatalogError
from serving.kept import Kept
from serving.metrics import Metrics


@pytest.fixture
def path(tmp_path):
    return tmp_path / "thing"


def write(path, text):
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)  # noqa: PTH105  # as publication does


@pytest.fixture
def kept(path):
    def load():
        if path.read_text() == "bad":
            raise CatalogError("this one is bad")
        return path.read_text()

    return Kept("thing", path, load=load, version_of=str, first="none", metrics=Metrics())


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
    assert (kept.current, kept.refused) == ("one", "invalid_catalog")
    write(path, "two")
    kept.refresh()
    assert (kept.current, kept.refused) == ("two", "")


def test_a_bad_one_is_tried_once(kept, path):
    write(path, "bad")
    kept.refresh()
    assert not kept.changed()


def test_a_file_that_vanishes_changes_nothing(kept, path):
    write(path, "one")
    kept.refresh()
    path.unlink()
    kept.refresh()
    assert kept.current == "one"


def test_metrics_say_of_one_version_that_it_serves(path):
    metrics = Metrics()
    kept = Kept("thing", path, load=path.read_text, version_of=str, first="none", metrics=metrics)
    write(path, "one")
    kept.refresh()
    text = metrics.render().decode()
    assert 'tsugi_serving{version="one",what="thing"} 1.0' in text
    assert 'tsugi_serving{version="none",what="thing"} 0.0' in text
