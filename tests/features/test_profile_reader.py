"""Everything that is known of a customer, read for a decision; nothing is guessed when a store fails."""

from dataclasses import replace
from datetime import timedelta

import pytest
from feature_shop import FEATURES, START, Shop, assert_same, viewed

from decisioning.customer import CustomerReference
from decisioning.errors import UnavailableError
from features import profile_reader
from features.consent import ConsentBook
from features.contacts import ContactBook
from features.feature_set import FeatureSet
from features.identity import IdentityGraph
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.online_store import PackedRows
from features.profile_reader import LONG_HISTORY, ONLINE_STORE, StoredProfiles
from features.projection import FeatureProjection
from features.replay import replay
from features.standard import STANDARD_FEATURES


@pytest.fixture
def shop(tmp_path):
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def profiles_of(shop: Shop) -> StoredProfiles:
    return StoredProfiles(
        identity=IdentityGraph(shop.ledger),
        online=shop.online,
        consent=ConsentBook(shop.ledger),
        contacts=ContactBook(shop.ledger),
        projection=shop.projection,
        memory=timedelta(days=30),
    )


def test_a_known_customer_has_features_and_consent_as_of_now(shop):
    consent = {"purpose": "marketing", "channel": "email", "granted": True}
    shop.send(viewed(), {"type": "track", "event": "Consent Updated", "userId": "u-1", "properties": consent})
    customer = profiles_of(shop).read(CustomerReference("user_id", "u-1"), now=START + timedelta(days=7))
    assert customer.features["product_views_7d"] == pytest.approx(0.5)
    assert customer.consent.answers == {("marketing", "email"): True}
    assert customer.degraded == ()


def test_an_unknown_reference_has_the_features_of_nobody_and_a_stable_id(shop):
    one = profiles_of(shop).read(CustomerReference("anonymous_id", "a-9"), now=START)
    again = profiles_of(shop).read(CustomerReference("anonymous_id", "a-9"), now=START)
    assert one.customer_id == again.customer_id != ""
    assert one.features == FEATURES.defaults()


def test_what_another_process_wrote_is_seen_by_the_next_read(shop):
    elsewhere = Ledger(shop.home.ledger)
    shop.send(viewed())
    late = FeatureProjection(elsewhere, PackedRows(shop.home.online), FEATURES)
    late.catch_up()
    shop.send(viewed())
    here = profiles_of(shop)
    consent, contacts = ConsentBook(elsewhere), ContactBook(elsewhere)
    reader = StoredProfiles(IdentityGraph(elsewhere), here.online, consent, contacts, late, here.memory)
    assert reader.read(CustomerReference("user_id", "u-1"), now=START).features["product_views_7d"] == 2.0
    elsewhere.close()


class Broken(OnlineFeatures):
    """An online store whose disk fails."""

    def known(self, *_):
        raise UnavailableError("the online store cannot be read")


def test_without_the_online_store_the_features_come_from_the_ledger(shop, tmp_path):
    sales = {"type": "track", "event": "Sales Contact Started", "userId": "u-1"}
    shop.send(viewed(), sales)
    whole = profiles_of(shop)
    broken = replace(whole, online=Broken(tmp_path / "other.db", FEATURES))
    reference = CustomerReference("user_id", "u-1")
    customer = broken.read(reference, now=START)
    assert customer.degraded == (ONLINE_STORE,)
    assert customer.features["open_sales_contacts"] == 1.0
    assert_same(customer.features, whole.read(reference, now=START).features)


@pytest.mark.parametrize(("n", "is_known"), [(4, True), (5, False)])
def test_of_whom_there_is_too_much_to_be_read_in_time_no_feature_is_known(shop, tmp_path, monkeypatch, n, is_known):
    monkeypatch.setattr(profile_reader, "MOST_READ", 4)
    shop.send(*[viewed() for _ in range(n)])
    whole = profiles_of(shop)
    broken = replace(whole, online=Broken(tmp_path / "other.db", FEATURES))
    reference = CustomerReference("user_id", "u-1")
    customer = broken.read(reference, now=START)
    stored = whole.read(reference, now=START)
    assert set(customer.features) == set(stored.features)
    if is_known:
        assert customer.degraded == (ONLINE_STORE,)
        assert_same(customer.features, stored.features)
    else:
        assert customer.degraded == (ONLINE_STORE, LONG_HISTORY)
        assert set(customer.features.values()) == {None}
    assert customer.purposes == stored.purposes


def test_what_a_household_did_together_may_be_too_much(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(profile_reader, "MOST_READ", 8)
    for user in ("u-1", "u-2"):
        family = {"type": "group", "userId": user, "groupId": "g-1", "traits": {"type": "household"}}
        shop.send(family, *[viewed() | {"userId": user} for _ in range(4)])
    online = Broken(tmp_path / "other.db", FEATURES, shop.online.groups)
    broken = replace(profiles_of(shop), online=online)
    assert len(online.circles(shop.customer("u-1"))) == 1
    assert broken.read(CustomerReference("user_id", "u-1"), now=START).degraded == (ONLINE_STORE, LONG_HISTORY)


def test_a_customer_without_facts_replays_to_nothing():
    assert FEATURES.values(replay([], FEATURES), now_us=0) == FEATURES.defaults()


def test_a_view_too_old_to_be_believed_is_named_with_the_online_store_and_without(tmp_path):
    old = dict.fromkeys([view.name for view in FEATURES.views], timedelta(days=1))
    shop = Shop(tmp_path, FeatureSet(STANDARD_FEATURES, ttl=old))
    shop.send(viewed(), {"type": "track", "event": "Ticket Opened", "userId": "u-1"})
    shop.send(viewed(), at=START + timedelta(days=30))
    stored = profiles_of(shop)
    broken = replace(stored, online=Broken(tmp_path / "other.db", shop.features))
    reference, now = CustomerReference("user_id", "u-1"), START + timedelta(days=30.5)
    online, ledger = stored.read(reference, now=now), broken.read(reference, now=now)
    assert online.degraded == ("stale_service",)
    assert ledger.degraded == (ONLINE_STORE, "stale_service")
    assert online.features["open_tickets"] == 0.0
    assert online.features["product_views_7d"] > 1.0
    assert_same(online.features, ledger.features)
    shop.close()


def test_groups_and_the_size_of_the_household_are_known(shop):
    family, work = {"type": "household", "size": 3}, {"type": "account", "size": 900}
    shop.send(
        *({"type": "group", "userId": "u-1", "groupId": g, "traits": t} for g, t in (("g-1", family), ("g-2", work)))
    )
    values = shop.read("u-1")
    assert (values["groups_joined"], values["household_size"]) == (2.0, 3.0)


def test_features_come_with_what_they_may_be_used_for(shop):
    shop.send(viewed())
    purposes = profiles_of(shop).read(CustomerReference("user_id", "u-1"), now=START).purposes
    assert "product_views_7d" in purposes["profiling"]
    assert "open_tickets" in purposes["service"]
    assert profiles_of(shop).read(CustomerReference("user_id", "u-9"), now=START).purposes == purposes
