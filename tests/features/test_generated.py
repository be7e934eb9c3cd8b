"""Features that the catalogue's names bring, and a workspace's categories: named after nothing of ours."""

import pytest
from feature_shop import START, Shop

from features.fact import Fact
from features.feature_set import FeatureSet
from features.located import FeatureFileError
from features.replay import replay

CATALOG = """\
channels: {web: {}, call_centre: {outbound: true}}
actions:
  gold_card: {group: cards, issue: grow}
  loan: {group: credit, issue: grow}
"""
DAY = 86_400_000_000
NOW = 1_750_000_000_000_000


@pytest.fixture
def declare(tmp_path):
    def declared(features: str = "", catalog: str = CATALOG) -> FeatureSet:
        (tmp_path / "catalog.yaml").write_text(catalog)
        (tmp_path / "features.yaml").write_text(features)
        return FeatureSet.load(tmp_path / "features.yaml", catalog_yaml=tmp_path / "catalog.yaml")

    return declared


def told(features: FeatureSet, *facts: Fact) -> dict:
    return features.values(replay(facts, features), now_us=NOW)


def fact(kind: str, name: str, **properties) -> Fact:
    return Fact(kind, name, properties, occurred_us=NOW, known_us=NOW)


def test_responses_are_told_apart_by_the_channels_and_groups_of_the_catalogue(declare):
    shown = {"action": "gold_card", "group": "cards", "channel": "web"}
    values = told(declare(), fact("outcome", "impression", **shown), fact("outcome", "reject", **shown))
    assert values["impressions_in_web_30d"] == values["impressions_of_cards_7d"] == 1.0
    assert values["rejects_of_cards_90d"] == 1.0
    assert values["impressions_in_call_centre_30d"] == values["impressions_of_credit_7d"] == 0.0
    assert values["days_since_impression_of_credit"] is None


def test_by_action_only_where_it_is_asked_for(declare):
    assert "impressions_of_action_loan_30d" not in declare().names
    features = declare("generate: {responses: [action]}")
    assert told(features, fact("outcome", "accept", action="loan"))["accepts_of_action_loan_365d"] == 1.0
    assert "impressions_in_web_30d" not in features.names


def test_money_and_looks_are_told_apart_by_the_categories_of_the_workspace(declare):
    features = declare("generate: {categories: [Tea, Fine Cups]}")
    basket = [{"category": "Tea", "price": 3, "quantity": 2}, {"category": "Milk", "price": 1}]
    values = told(
        features,
        fact("track", "Order Completed", revenue=9.0, products=basket),
        fact("track", "Order Completed", revenue=20.0, category="Fine Cups"),
        fact("track", "Product Viewed", category="Tea"),
    )
    assert (values["revenue_of_tea_90d"], values["revenue_of_fine_cups_365d"]) == (6.0, 20.0)
    assert (values["product_views_of_tea_30d"], values["days_since_order_of_tea"]) == (1.0, 0.0)
    assert values["product_views_of_fine_cups_30d"] == 0.0


def test_every_generated_feature_is_documented(declare):
    features = declare("generate: {responses: [channel, group, action], categories: [tea]}")
    assert all(f.description and f.owner and f.purpose for f in features.features)


@pytest.mark.parametrize("catalog", ["", "[1, 2]", "actions: {a: 3}", "channels: {", "actions: {loan: {group: [1]}}"])
def test_a_catalogue_that_cannot_be_read_brings_none_and_leaves_the_word_to_its_own_reader(declare, catalog):
    assert set(FeatureSet.load(None).names) <= set(declare(catalog=catalog).names)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("generate: {responses: [weather]}", "yaml:1: responses: unknown 'weather'; allowed: channel, group, action"),
        ("generate: {categories: [Tea, tea]}", "categories must list different words"),
        ("generate: {categories: ['!']}", "categories must list different words"),
        ("generate: {category: [tea]}", "unknown option 'category'; allowed: responses, categories"),
        ("generate: [tea]", "generate must be a mapping"),
    ],
)
def test_what_cannot_be_generated_is_refused(declare, text, said):
    with pytest.raises(FeatureFileError, match=said):
        declare(text)


def test_generated_features_follow_the_ledger_like_all_others(declare, tmp_path):
    shop = Shop(tmp_path / "home", declare("generate: {categories: [tea]}"))
    shop.send({"type": "track", "event": "Product Viewed", "userId": "u-1", "properties": {"category": "tea"}})
    assert shop.read("u-1", now=START)["product_views_of_tea_30d"] == 1.0
    shop.close()
