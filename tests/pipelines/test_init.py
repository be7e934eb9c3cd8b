import pytest

from decisioning.errors import InvalidInputError
from pipelines.catalog import catalog_in_words, checked_catalog
from pipelines.init import FILES, write_workspace


def test_a_new_workspace_passes_its_own_check(tmp_path):
    write_workspace(tmp_path / "shop")
    checked = checked_catalog(tmp_path / "shop")
    assert set(checked.actions) == {"welcome_offer", "second_order", "help_page"}
    assert "welcome_offer: email, web" in catalog_in_words(checked)


def test_nothing_is_ever_overwritten(tmp_path):
    (tmp_path / "catalog.yaml").write_text("mine")
    with pytest.raises(InvalidInputError, match=r"has catalog.yaml already; nothing was written"):
        write_workspace(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalog.yaml"]
    assert (tmp_path / "catalog.yaml").read_text() == "mine"


def test_it_writes_what_it_says(tmp_path):
    assert [path.name for path in write_workspace(tmp_path / "a b")] == list(FILES)
