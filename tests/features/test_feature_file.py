# ruff: noqa: E501 - a declaration reads best on one line
"""features.yaml: what can be declared, and errors that say file, line, given and allowed."""

import re
from pathlib import Path

import pytest

from features.declared_primitive import PRIMITIVES
from features.fact import Fact
from features.feature_set import FeatureSet
from features.located import FeatureFileError
from features.replay import replay
from training.feature_column import feature_columns

DAY = 86_400_000_000

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
  - {name: price_mean, view: interest, primitive: mean, on: {type: track, name: Planned}, property: price, description: x, owner: pricing}
  - {name: tone, view: interest, primitive: mean, on: {type: track, name: Wrote}, property: text, reading: sentiment, description: x}
  - {name: price_trend, view: interest, primitive: trend, on: {type: track, name: Planned}, property: price, description: x}
  - {name: gold_share, view: interest, primitive: share, on: {type: track, name: Planned}, property: plan, of: gold, half_life_days: 30, description: x}
  - {name: plans, view: interest, primitive: distinct, on: {type: track, name: Planned}, property: plan, description: x}
  - {name: plan_gap, view: interest, primitive: gap, on: {type: track, name: Planned}, description: x}
  - {name: claim_days, view: interest, primitive: open_time, opened: {type: track, name: Claim}, closed: {type: track, name: Paid}, description: x}
  - {name: years, view: interest, primitive: age, trait: born, description: x}
  - {name: visit_plans, view: visit, primitive: visit, on: {type: track, name: Planned}, amount: price, reset: {type: track, name: Paid}, description: x}
  - {name: days_since_plan, view: interest, primitive: last_at, on: {type: track, name: Planned}, description: x}
  - {name: days_since_first_plan, view: interest, primitive: first_at, on: {type: track, name: Planned}, description: x}
  - {name: plan_left, view: interest, primitive: unanswered, opened: {type: track, name: Planned}, closed: {type: track, name: Paid}, window_days: 1, description: x}
  - {name: contract_end, view: profile, primitive: trait, trait: contract_end, reading: moment, description: x}
  - {name: last_plan, view: interest, primitive: last_moment, on: {type: track, name: Planned}, description: x}
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
    assert {f.name: f.owner for f in features.features}["price_mean"] == "pricing"


def test_every_primitive_that_can_be_declared_is_declared_in_these_tests():
    assert set(re.findall(r"primitive: (\w+)", DECLARED)) == set(PRIMITIVES)


def test_declared_primitives_say_what_they_declare(write):
    features = FeatureSet.load(write(DECLARED))
    planned = [{"price": 4.0, "plan": "gold", "text": "great"}, {"price": 8.0, "plan": "tin"}]
    facts = [Fact("track", "Planned", told, day * DAY, day * DAY) for day, told in enumerate(planned)]
    wrote = Fact("track", "Wrote", {"text": "this is great"}, DAY, DAY)
    born = Fact("identify", "", {"born": "1969-01-01"}, DAY, DAY)
    values = features.values(replay([*facts, wrote, born], features), now_us=DAY)
    assert (values["price_mean"], values["price_trend"], values["plans"], values["plan_gap"]) == (6.0, 4.0, 2.0, 1.0)
    assert values["gold_share"] == pytest.approx(2 ** (-1 / 30) / (1 + 2 ** (-1 / 30)))
    assert (values["years"], values["visit_plans"], values["plan_left"]) == (1.0, 8.0, 0.0)
    assert values["tone"] > 0.5


def test_moments_are_seconds_since_1970_that_conditions_know_as_moments_and_models_never_see(write):
    features = FeatureSet.load(write(DECLARED))
    told = Fact("identify", "", {"contract_end": "1970-01-04"}, DAY, DAY)
    facts = [told, *(Fact("track", "Planned", {}, day * DAY, day * DAY) for day in (2, 3, 1))]
    values = features.values(replay(facts, features), now_us=4 * DAY)
    assert (values["contract_end"], values["last_plan"]) == (3 * 86400.0, 3 * 86400.0)
    kinds = [features.kinds[name] for name in ("contract_end", "last_plan", "income", "segment")]
    assert kinds == ["moment", "moment", "number", "word"]
    assert not {"contract_end", "last_plan"} & {column.name for column in feature_columns(features)}


def test_a_declared_visit_is_made_of_what_the_customer_does(write):
    text = "features:\n  - {name: acts, view: visit, primitive: visit, on: {type: track}, description: x}\n"
    features = FeatureSet.load(write(text))
    told = [Fact("track", name, {}, 9 * DAY, 9 * DAY) for name in ("Planned", "Hold Set")]
    assert features.values(replay(told, features), now_us=9 * DAY)["acts"] == 1.0


def test_an_empty_file_declares_nothing(write):
    assert FeatureSet.load(write("")).names == FeatureSet.load(None).names


def test_a_workspace_names_the_built_in_features_that_it_needs(write):
    features = FeatureSet.load(write("standard: [orders, days_since_order]\n"))
    own = [name for name in features.names if not name.startswith("household_")]
    assert own == ["orders", "days_since_order"]
    assert {"household_members", "household_days_since_order"} <= set(features.names)
    assert "household_open_tickets" not in features.names


def test_what_is_left_of_the_built_in_features_is_told_as_among_all_of_them(write):
    some, every = FeatureSet.load(write("standard: [orders, days_since_order, revenue_365d]\n")), FeatureSet.load(None)
    bought = Fact("track", "Order Completed", {"revenue": 9.0}, occurred_us=DAY, known_us=DAY)
    few, all_ = (each.values(replay([bought], each), now_us=3 * DAY) for each in (some, every))
    assert few == {name: all_[name] for name in some.names}
    assert few["days_since_order"] == 2.0


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
        (entry(primitive="decayed_sum", half_life_days="-1"), r"looks ahead would read the future"),
        (entry(primitive="unanswered", on="", window_days="-7"), r"looks ahead would read the future"),
        (entry(primitive="visit"), r"what is told of the current visit is of the view 'visit'"),
        (entry(primitive="visit", view="visit", on="{type: outcome}"), r"a visit is made of track, page, screen; given outcome"),
        (entry(primitive="visit", view="visit", on="{type: track, name: Hold Set}"), r"customer does; 'Hold Set' is none of it"),
        (entry(primitive="mean", property="p", reading="smell"), r"unknown reading 'smell'; allowed: bucket"),
        (entry(primitive="share", property="p", of="3", half_life_days="1"), r"of must be a word or a truth value, given 3"),
        (entry(kind="category", one_of="[a, b]"), r"a category is a trait or a last_value, given 'count'"),
        (entry(kind="category"), r"a category needs one_of"),
        (entry(kind="category", one_of="[a, a]"), r"one_of must list different words"),
        (entry(default="many"), r"default must be a number, given 'many'"),
        (entry(where="[product]"), r"where must be a mapping, given \['product'\]"),
        (entry() + "  - {name: x, view: v, primitive: trait, trait: x, description: d}", r"yaml:4: feature 'x' is declared twice"),
        ("features: 3", r"yaml:1: features must be a list, given 3"),
        ("standard: [orders, shoes]", r"yaml:1: standard: no built-in feature is called 'shoes'"),
        ("standard: [{orders: 1}]", r"standard: no built-in feature is called"),
        ("standard: orders", r"standard must be a list, given 'orders'"),
        ("feature: []", r"unknown option 'feature'; allowed: features, views"),
        ("features:\n  - {name: a, name: b}", r"yaml:2: 'name' is given twice, first on line 2"),
        ("features: [", r"yaml:1: is not YAML"),
        ("features: " + "[" * 5000, r"is nested too deeply, or holds itself"),
        ("features: &a [*a]", r"is nested too deeply, or holds itself"),
        (f"\nviews: {{v: {{ttl_days: {10**30}}}}}", r"yaml:2: 1000000000000000000000000000000 is a number of more than 63 bits"),
        ("views: {v: {ttl_days: soon}}", r"view 'v': ttl_days must be a number of days above 0, given 'soon'"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_file_line_given_and_allowed(write, text, said):
    with pytest.raises(FeatureFileError, match=said):
        FeatureSet.load(write(text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FeatureFileError, match=r"features.yaml: cannot be read: No such file"):
        FeatureSet.load(tmp_path / "features.yaml")
