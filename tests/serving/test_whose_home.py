"""A home is for the workspace that it was made for, by name."""

import shutil

import pytest
from service_process import WORKSPACE, a_free_port

from decisioning.errors import UnavailableError
from features.home import Home
from features.whose import keep_whose, whose
from pipelines.cli import app
from pipelines.composition import compose
from serving.launch import check
from serving.settings import Settings


@pytest.fixture
def other(tmp_path):
    """A workspace like the one of the tests, with another name."""
    shutil.copytree(WORKSPACE, tmp_path / "other")
    toml = tmp_path / "other" / "tsugi.toml"
    toml.write_text(toml.read_text().replace("corner-shop", "book-shop"))
    return tmp_path / "other"


def checked(home, workspace):
    check(Settings(home, workspace, port=a_free_port()))


def files_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_home_of_another_workspace_is_refused_by_both_names_until_it_is_said_to_be_this_ones(tmp_path, other):
    home = tmp_path / "home"
    with compose(home, WORKSPACE):
        pass
    checked(home, WORKSPACE)
    with pytest.raises(UnavailableError, match="made for the workspace 'corner-shop', and this one is 'book-shop'"):
        checked(home, other)
    (home / "workspace.txt").write_text("book-shop\n")
    checked(home, other)


def test_a_home_of_which_nothing_is_noted_is_anybodys_and_is_not_looked_for(tmp_path, other):
    checked(tmp_path / "home", other)
    assert not (tmp_path / "home").exists()
    with compose(tmp_path / "home", WORKSPACE):
        pass
    (tmp_path / "home" / "workspace.txt").unlink()
    with compose(tmp_path / "home", WORKSPACE):
        pass
    checked(tmp_path / "home", other)


WORK = [
    ["rejects"],
    ["promote"],
    ["rollback"],
    ["monitor"],
    ["resolve"],
    ["retrain"],
    ["materialize"],
    ["doctor"],
]


@pytest.mark.parametrize("command", WORK)
def test_no_command_works_on_the_home_of_another_workspace(tmp_path, other, command):
    home = tmp_path / "home"
    with compose(home, WORKSPACE):
        pass
    before = files_in(home)
    with pytest.raises(UnavailableError, match="made for the workspace 'corner-shop', and this one is 'book-shop'"):
        app([*command, "--home", str(home), "--workspace", str(other)], standalone_mode=False)
    assert files_in(home) == before


def test_nor_does_code_that_opens_it_for_that_workspace(tmp_path, other):
    with compose(tmp_path, WORKSPACE):
        pass
    before = files_in(tmp_path)
    with pytest.raises(UnavailableError, match="this one is 'book-shop'"), compose(tmp_path, other):
        pass
    assert files_in(tmp_path) == before


def test_what_is_noted_first_stays(tmp_path):
    home = Home(tmp_path)
    keep_whose(home, "a")
    keep_whose(home, "b")
    assert whose(home) == "a"
