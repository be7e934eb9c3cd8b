import os
from errno import ENOSPC
from pathlib import Path

import pytest

from features.replace_file import replace_file


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pointer.json"


def synced(monkeypatch, then=lambda _: None):
    """The files and folders that are made durable, by their names then, as they come."""
    names, fsync = [], os.fsync

    def told(descriptor):
        names.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        then(descriptor)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", told)
    return names


def test_a_file_that_was_replaced_is_durable_and_so_is_its_name(path, monkeypatch):
    path.write_bytes(b"old")
    names = synced(monkeypatch)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert names[0].startswith(".replacing-")
    assert names[1:] == [path.parent.name]


def test_of_a_file_that_could_not_be_written_nothing_stays_and_the_old_one_does(path, monkeypatch):
    def full(_):
        raise OSError(ENOSPC, "No space left on device")

    path.write_bytes(b"old")
    synced(monkeypatch, then=full)
    for _ in range(3):
        with pytest.raises(OSError, match="No space left"):
            replace_file(path, b"new")
    assert [(each.name, each.read_bytes()) for each in path.parent.iterdir()] == [("pointer.json", b"old")]
