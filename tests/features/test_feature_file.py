# ruff: noqa: E501 - a declaration reads best on one line
"""features.yaml: what can be declared, and errors that say file, line, given and allowed."""

from pathlib import Path

import pytest

from features.feature_set import FeatureSet
from features.located import FeatureFileError

DECLARED = """\
features:
  - {name: income, view: profile, primitive: trait, trait: income, kind: number, description: yearly income, purpose: marketing}
  - {name: segment, view: profile, primitive: trait, trait: segment, kind: category, one_of: [mass, private], description: tier}
  - name: mortgage_views_7d
    view: interest
    primitive: decayed_sum
    on: {type: track, name: Product Viewed}
    where: {product: mortgage}
    half_life_days: 7
    description: mortgages viewed
  - {name: logins, view: interest, primitive: count, on: {type: [page, screen], name: [Login, Sign In]}, description: logins}
  - {name: spent, view: interest, primitive: decayed_sum, on: {type: track}, amount: price, half_life_minutes: 30, description: x}
  - {name: plan, view: interest, primitive: last_value, on: {type: track, name: Planned}, property: plan, kind: category, one_of: [a, b], default: a, description: x}
  - {name: claims_open, view: interest, primitive: open_count, opened: {type: track, name: Claim}, closed: {type: track, name: Paid}, description: x}
  - {name: cards_silent, view: interest, primitive: unanswered, where: {group: cards}, window_days: 7, description: x}
views:
  interest: {ttl_days: 400}
"""


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str) -> Path:
        path = tmp_path / "features.yaml"
        path.write_text(text)
        return path

    return written


def test_every_primitive_can_be_declared(write):
    features = FeatureSet.load(write(DECLARED))
    assert {"income", "segment", "mortgage_views_7d", "logins", "cards_silent"} <= set(features.names)
    assert features.view("interest").ttl.days == 400
    assert features.view("profile").ttl is None
    assert features.defaults()["plan"] == "a"


def test_an_empty_file_declares_nothing(write):
    assert FeatureSet.load(write("")).names == FeatureSet.load(None).names


def entry(**options: str) -> str:
    held = {"name": "x", "view": "v", "primitive": "count", "on": "{type: track}", "description": "d"} | options
    return "features:\n\n  - {" + ", ".join(f"{key}: {value}" for key, value in held.items() if value) + "}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entry(primitive="median"), r"yaml:3: feature 'x': unknown primitive 'median'; allowed: count, decayed_sum"),
        (entry(kind="colour"), r"yaml:3: feature 'x': unknown kind 'colour'; allowed: number, category"),
        (entry(on="{type: click}"), r"yaml:3: feature 'x': unknown type 'click'; allowed: identify, track"),
        (entry(on="{name: Click}"), r"on needs a type; allowed: identify"),
        (entry(name="orders"), r"yaml:3: feature 'orders' is built in"),
        (entry(name="Income"), r"name must be lower-case words joined by single underscores, given 'Income'"),
        (entry(description=""), r"'description' is missing"),
        (entry(half_life="3"), r"feature 'x': unknown option 'half_life'; allowed: name, view"),
        (entry(primitive="decayed_sum"), r"'half_life_days' is missing"),
        (entry(primitive="decayed_sum", half_life_days="-1"), r"half_life_days must be a number above 0, given -1"),
        (entry(primitive="decayed_sum", half_life_days=".nan"), r"half_life_days must be a number above 0, given nan"),
        (entry(kind="category", one_of="[a, b]"), r"a category is a trait or a last_value, given 'count'"),
        (entry(kind="category"), r"a category needs one_of"),
        (entry(kind="category", one_of="[a, a]"), r"one_of must list different words"),
        (entry(default="many"), r"default must be a number, given 'many'"),
        (entry(where="[product]"), r"where must be a mapping, given \['product'\]"),
        (entry() + "  - {name: x, view: v, primitive: trait, trait: x, description: d}", r"yaml:4: feature 'x' is declared twice"),
        ("features: 3", r"yaml:1: features must be a list, given 3"),
        ("feature: []", r"unknown option 'feature'; allowed: features, views"),
        ("features:\n  - {name: a, name: b}", r"yaml:2: 'name' is given twice, first on line 2"),
        ("features: [", r"yaml:1: is not YAML"),
        ("views: {v: {ttl_days: soon}}", r"view 'v': ttl_days must be a number of days above 0, given 'soon'"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_file_line_given_and_allowed(write, text, said):
    with pytest.raises(FeatureFileError, match=said):
        FeatureSet.load(write(text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FeatureFileError, match=r"features.yaml: cannot be read: No such file"):
        FeatureSet.load(tmp_path / "features.yaml")
