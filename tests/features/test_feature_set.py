"""The compiled feature set: documented, self-describing, the same for one row and for many."""

import numpy as np
import pytest

from decisioning.errors import InvalidInputError
from features.fact import Fact
from features.feature import Feature
from features.feature_set import FeatureSet
from features.hits_by_probe import HitsByProbe
from features.primitives_value import trait
from features.standard import STANDARD_FEATURES

DAY = 86_400_000_000
NOW = 1_750_000_000_000_000


def values_after(*facts: Fact, features: FeatureSet, now_us: int = NOW) -> dict:
    occurred = np.array([fact.occurred_us for fact in facts], dtype=float)
    columns: dict = {}
    for view in features.views:
        before = np.full((1, len(view.columns)), np.nan)
        group = np.zeros(len(facts), dtype=np.intp)
        changed, after = view.fold(HitsByProbe(features.reader.read(facts), occurred, group), before)
        columns |= dict(zip(view.columns, after[0].tolist(), strict=True)) if len(changed) else {}
    return features.values(features.state(columns), now_us=now_us)


def a_fact(name: str, *, days_ago: float = 0, kind: str = "track", **properties) -> Fact:
    at = NOW - int(days_ago * DAY)
    return Fact(kind, name, properties, occurred_us=at, known_us=at)


@pytest.fixture(scope="module")
def features() -> FeatureSet:
    return FeatureSet.load(None)


def test_there_are_at_least_eighty_documented_features_in_few_views(features):
    assert len(features.names) >= 80
    assert all(feature.description and feature.owner and feature.purpose for feature in features.features)
    assert 4 <= len(features.views) <= 9


def test_state_columns_have_names_of_their_own(features):
    assert len(set(features.columns)) == len(features.columns)
    assert sorted(features.columns) == sorted(c for view in features.views for c in view.columns)


def test_nothing_known_counts_zero_and_recencies_are_none(features):
    values = features.defaults()
    assert values["orders"] == 0.0
    assert values["page_views_7d"] == 0.0
    assert values["days_since_order"] is None
    assert values["last_nps"] is None
    assert values["no_response"] is None


def test_standard_events_reach_their_features(features):
    values = values_after(
        a_fact("Order Completed", days_ago=10, revenue=80.0, margin=20.0),
        a_fact("Order Completed", days_ago=2, revenue=40.0),
        a_fact("Ticket Opened", days_ago=1),
        a_fact("Survey Answered", days_ago=1, nps=9),
        a_fact("Sales Contact Started", days_ago=3),
        a_fact("Sales Contact Ended", days_ago=2),
        a_fact("", kind="page", days_ago=1 / 48),
        features=features,
    )
    assert values["orders"] == 2.0
    assert values["days_since_order"] == pytest.approx(2.0)
    assert values["last_order_revenue"] == 40.0
    assert values["revenue_30d"] == pytest.approx(80 * 2 ** (-10 / 30) + 40 * 2 ** (-2 / 30))
    assert values["margin_365d"] == pytest.approx(20 * 2 ** (-10 / 365))
    assert values["open_tickets"] == 1.0
    assert values["last_nps"] == 9.0
    assert values["open_sales_contacts"] == 0.0
    assert values["page_views_30m"] == pytest.approx(0.5)
    assert values["tenure_days"] == pytest.approx(10.0)


@pytest.fixture
def in_euros(tmp_path) -> FeatureSet:
    (tmp_path / "catalog.yaml").write_text("currency: EUR\nchannels: {web: {}}\n")
    declared = "{name: spent, view: own, primitive: decayed_sum, on: {type: track}, half_life_days: 9, description: x"
    (tmp_path / "features.yaml").write_text(
        "generate: {categories: [tea]}\nfeatures:\n"
        f"  - {declared}, amount: price}}\n"
        f"  - {declared.replace('spent', 'dollars')}, amount: price, where: {{currency: USD}}}}\n"
    )
    return FeatureSet.load(tmp_path / "features.yaml", catalog_yaml=tmp_path / "catalog.yaml")


def test_money_in_another_currency_than_the_catalogues_is_added_to_nothing(in_euros):
    told = {"revenue": 8.0, "margin": 2.0, "price": 8.0, "category": "tea", "channel": "web"}
    names = ("Order Completed", "Product Added")
    euros = [a_fact(name, days_ago=1, currency="EUR", **told) for name in names]
    dollars = [a_fact(name, currency="USD", **told) for name in names]
    alone, both = (values_after(*facts, features=in_euros) for facts in (euros, [*euros, *dollars]))
    amounts = ("revenue_365d", "margin_365d", "last_order_revenue", "order_revenue_mean", "visit_cart_value", "spent")
    amounts += ("revenue_of_tea_90d", "revenue_in_web_365d")
    for name in amounts:
        assert both[name] == alone[name], name
    assert alone["spent"] > 0
    assert (alone["dollars"], both["dollars"]) == (0.0, 16.0)
    assert (alone["orders"], both["orders"]) == (1.0, 2.0)
    assert (both["days_since_order"], both["days_since_order_of_tea"]) == (0.0, 0.0)


@pytest.mark.parametrize("said", [{}, {"currency": ""}, {"currency": "€"}, {"currency": None}, {"currency": "eur"}])
def test_money_of_which_no_other_currency_is_stated_is_the_catalogues(in_euros, said):
    values = values_after(a_fact("Order Completed", revenue=8.0, **said), features=in_euros)
    assert values["revenue_365d"] == 8.0


def test_another_currency_of_the_catalogue_is_another_definition_of_the_features(in_euros, tmp_path):
    (tmp_path / "catalog.yaml").write_text("currency: USD\nchannels: {web: {}}\n")
    other = FeatureSet.load(tmp_path / "features.yaml", catalog_yaml=tmp_path / "catalog.yaml")
    assert other.fingerprint != in_euros.fingerprint


def test_consents_and_holds_are_no_activity_and_no_visit_of_the_customer(features):
    seen = a_fact("Product Viewed", days_ago=1 / 96, channel="web")
    said = [a_fact(name, days_ago=0, channel="crm") for name in ("Hold Set", "Hold Released", "Consent Updated")]
    values = values_after(seen, *said, features=features)
    assert values == values_after(seen, features=features)
    assert (values["visit_acts"], values["channels_used"]) == (1.0, 1.0)
    silent = values_after(*said, features=features)
    assert {name for name, value in features.defaults().items() if silent[name] != value} == {"tenure_days"}


def test_silence_becomes_no_response_when_the_window_passes_without_any_event(features):
    shown = a_fact("impression", kind="outcome", days_ago=0)
    assert values_after(shown, features=features, now_us=NOW + 13 * DAY)["no_response"] == 0.0
    assert values_after(shown, features=features, now_us=NOW + 14 * DAY)["no_response"] == 1.0


def test_an_answer_ends_the_silence(features):
    answered = (a_fact("impression", kind="outcome", days_ago=20), a_fact("click", kind="outcome", days_ago=19))
    assert values_after(*answered, features=features)["no_response"] == 0.0


def test_a_ticket_solved_before_it_is_known_to_be_opened_is_not_open(features):
    assert values_after(a_fact("Ticket Solved"), features=features)["open_tickets"] == 0.0


def test_an_unknown_word_is_not_known_even_where_a_word_was_known_before():
    vocabulary = ("mass", "private")
    features = FeatureSet([Feature("segment", "p", trait("segment", one_of=vocabulary), "", "category", vocabulary)])
    known = a_fact("", kind="identify", days_ago=2, segment="private")
    unknown = a_fact("", kind="identify", days_ago=1, segment="unheard of")
    assert values_after(known, features=features) == {"segment": "private"}
    assert values_after(unknown, known, features=features) == {"segment": None}


def test_a_default_stands_where_nothing_is_known():
    features = FeatureSet([Feature("age", "p", trait("age"), "", default=40.0)])
    assert features.defaults() == {"age": 40.0}
    assert values_after(a_fact("", kind="identify", age=31), features=features) == {"age": 31.0}


def test_at_is_the_same_for_one_row_and_for_many(features):
    rng = np.random.default_rng(1)
    state = np.where(
        rng.random((50, len(features.columns))) < 0.3, np.nan, NOW - rng.random(len(features.columns)) * DAY
    )
    now = np.full(50, float(NOW))
    many = features.at(state, now)
    for row in range(50):
        np.testing.assert_array_equal(features.at(state[row : row + 1], now[:1])[0], many[row])


def test_a_name_declared_twice_is_refused():
    with pytest.raises(InvalidInputError, match="declared twice: orders"):
        FeatureSet([*STANDARD_FEATURES, Feature("orders", "p", trait("orders"), "")])


def test_the_fingerprint_changes_with_what_state_depends_on():
    one = FeatureSet([Feature("s", "p", trait("s", one_of=("a", "b")), "", "category", ("a", "b"))])
    other = FeatureSet([Feature("s", "p", trait("s", one_of=("b", "a")), "", "category", ("b", "a"))])
    reworded = FeatureSet([Feature("s", "p", trait("s", one_of=("a", "b")), "reworded", "category", ("a", "b"))])
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == reworded.fingerprint


@pytest.mark.parametrize("given", ["inf", "-Infinity", "nan", "much", None, {"amount": 3}, [1], 10**400, -1e300])
def test_an_amount_that_is_no_number_that_anybody_means_is_not_added(features, given):
    orders = (a_fact("Order Completed", revenue=10.0), a_fact("Order Completed", revenue=given))
    values = values_after(*orders, features=features)
    assert values["revenue_30d"] == 10.0
    assert values["orders"] == 2.0


def test_the_total_of_each_group_is_where_its_running_state_ends():
    chance, layout = np.random.default_rng(2), FeatureSet(STANDARD_FEATURES).layout
    group = np.repeat(np.arange(6), [1, 2, 3, 5, 8, 13])
    rows = np.where(chance.random((len(group), len(layout.columns))) < 0.5, np.nan, 1.7e15)
    last = np.flatnonzero(np.append(group[1:] != group[:-1], True))
    wanted = layout.running(rows, group)[last]
    np.testing.assert_allclose(layout.total(rows.copy(), group), wanted, rtol=1e-12)
