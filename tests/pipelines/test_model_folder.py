"""A model's folder is replaced as a whole, and never anything else with it."""

import json

import pytest

from decisioning.errors import InvalidInputError
from pipelines.model_table.folder import check_replaceable, replaced
from training.artifact import write_content


def a_model(folder, kind="table", tree="model_a.txt"):
    write_content({"kind": kind}, {tree: "trees"}, folder, {})
    return folder


def names(folder):
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("kind", ["table", "value"])
def test_an_earlier_model_is_replaced_and_none_of_its_files_stays(tmp_path, kind):
    a_model(tmp_path / "m", kind, "member_a_b.txt")
    with replaced(tmp_path / "m") as folder:
        a_model(folder)
    assert names(tmp_path / "m") == ["bundle.json", "model_a.txt"]
    assert names(tmp_path) == ["m"]


def half_written(out):
    with replaced(out) as folder:
        a_model(folder, tree="member_a_b.txt")
        raise KeyError


def test_a_failure_leaves_the_earlier_model(tmp_path):
    a_model(tmp_path / "m")
    with pytest.raises(KeyError):
        half_written(tmp_path / "m")
    assert names(tmp_path / "m") == ["bundle.json", "model_a.txt"]
    assert names(tmp_path) == ["m"]


def test_a_folder_that_is_missing_or_empty_may_be_written(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "deep/missing"):
        with replaced(tmp_path / name) as folder:
            a_model(folder)
        assert names(tmp_path / name) == ["bundle.json", "model_a.txt"]


def other_files(folder):
    (folder / "thesis.docx").write_text("years of work")


def another_kind(folder):
    a_model(folder, "table policy")


def a_damaged_model(folder):
    (a_model(folder) / "bundle.json").write_text(json.dumps({"kind": "table"}))


def a_model_and_more(folder):
    (a_model(folder) / "notes.txt").write_text("mine")


@pytest.mark.parametrize("fill", [other_files, another_kind, a_damaged_model, a_model_and_more])
def test_what_is_no_model_alone_is_never_replaced(tmp_path, fill):
    folder = tmp_path / "taken"
    folder.mkdir()
    fill(folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(InvalidInputError, match="taken holds something that is no model"):
        check_replaceable(folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "m").write_text("")
    with pytest.raises(InvalidInputError, match="is no folder"):
        check_replaceable(tmp_path / "m")
