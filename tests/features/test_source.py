"""Sources: named in the workspace with their party and trust; others are taken as third parties, or refused."""

import pytest

from decisioning.errors import InvalidInputError
from features.source import OWN, Source, Sources
from features.workspace import Workspace, WorkspaceError

TOML = """
[workspace]
name = "shop"
strict_sources = true
[[sources]]
name = "crm"
description = "The sales team's own list"
trust = 5
fields = { phone = 9.5 }
[[sources]]
name = "panel"
party = "third"
"""


def a_workspace(folder, text=TOML):
    (folder / "tsugi.toml").write_text(text)
    return Workspace.load(folder)


def test_a_field_of_its_own_beats_the_source_which_beats_its_party(tmp_path):
    sources = a_workspace(tmp_path).sources
    said = [sources.trust(*asked) for asked in (("crm", "phone"), ("crm", "city"), ("panel", "city"), ("?", "city"))]
    assert said == [9.5, 5.0, 1.0, 1.0]


@pytest.mark.parametrize("name", OWN)
def test_our_own_doors_are_first_party_unless_the_workspace_says_otherwise(name):
    assert Sources(strict=True).trust(name, "city") == 3.0
    assert Sources([Source(name=name, trust=0.5)]).trust(name, "city") == 0.5


def test_a_strict_workspace_refuses_a_source_that_it_does_not_name(tmp_path):
    with pytest.raises(InvalidInputError, match=r"'rumour' is not named.*: crm, golden_record, http, live, panel"):
        a_workspace(tmp_path).sources.check("rumour")
    assert Sources().check("rumour") == "rumour"


def test_nobody_passes_for_an_override():
    with pytest.raises(InvalidInputError, match="'manual' is kept for overrides"):
        Sources().check("manual")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "panel"', 'name = "crm"', "sources: Value error, the source 'crm' is named twice"),
        ('party = "third"', 'party = "fourth"', "sources.1.party"),
        ("trust = 5", "trust = -1", "sources.0.trust"),
        ("trust = 5", "thrust = 5", "Allowed are description, fields, name, party, trust"),
    ],
)
def test_a_mistake_in_a_source_is_named(tmp_path, old, new, said):
    with pytest.raises(WorkspaceError, match=said):
        a_workspace(tmp_path, TOML.replace(old, new))
