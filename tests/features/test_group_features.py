"""Features of groups: who counts for whom, from which moment on, and that nothing stays of who left."""

from datetime import timedelta
from functools import partial

import pandas as pd
import pytest
from feature_shop import FEATURES, START, Shop, assert_same

from decisioning.customer import CustomerReference
from features.feature_set import FeatureSet
from features.golden_record import GoldenRules
from features.group.circle import MOST
from features.group.reader import GroupReader
from features.historical import online_features, training_frame
from features.history import History
from features.identity_merge import MergeBook
from features.identity_rules import IdentityRules
from features.identity_statement import Statement
from features.instant import to_us
from features.located import FeatureFileError
from features.online import OnlineFeatures
from features.past import CROWD
from features.privacy.erasure import ErasureBook
from features.privacy.history_erasure import clear_history, forget_before
from features.profile_document import ProfileDocuments
from features.rebuild import make_anew, rebuild

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(tmp_path):
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def joins(user, group="h-1", **traits):
    return {"type": "group", "userId": user, "groupId": group, "traits": {"type": "household"} | traits}


def says(user, granted=True, purpose="profiling", **more):
    said = {"purpose": purpose, "granted": granted} | more
    return {"type": "track", "event": "Consent Updated", "userId": user, "properties": said}


def orders(user, revenue=10.0):
    return {"type": "track", "event": "Order Completed", "userId": user, "properties": {"revenue": revenue}}


def told(shop, user="u-1", now=START):
    read = shop.read(user, now=now)
    return read["household_members"], read["household_orders_365d"]


def test_others_count_after_their_yes_and_no_longer_after_their_no(shop):
    shop.send(joins("u-1"), joins("u-2"), orders("u-1"), orders("u-2"))
    assert told(shop) == (1.0, 1.0)
    shop.send(says("u-2", channel="email"))
    assert told(shop) == (1.0, 1.0)
    shop.send(says("u-2"), at=START + HOUR)
    assert told(shop) == (2.0, 2.0)
    assert told(shop, "u-2") == (1.0, 1.0)
    shop.send(says("u-2", granted=False, channel="sms"), at=START + 2 * HOUR)
    assert told(shop) == (1.0, 1.0)


def test_a_yes_to_one_purpose_is_none_to_another(shop):
    shop.send(joins("u-1"), joins("u-2"), orders("u-2"), says("u-2", purpose="service"))
    shop.send({"type": "track", "event": "Ticket Opened", "userId": "u-2"})
    read = shop.read("u-1")
    assert (read["household_orders_365d"], read["household_open_tickets"]) == (0.0, 1.0)


def test_who_leaves_counts_no_longer_and_has_no_household(shop):
    shop.send(joins("u-1"), joins("u-2"), says("u-1"), says("u-2"), orders("u-2"))
    assert told(shop) == (2.0, 1.0)
    shop.send(joins("u-2", member=False), at=START + HOUR)
    assert told(shop) == (1.0, 0.0)
    assert told(shop, "u-2") == (0.0, 0.0)


def test_the_household_told_of_last_counts(shop):
    shop.send(joins("u-1"), joins("u-2"), joins("u-3", "h-2"), says("u-2"), says("u-3"), orders("u-3"))
    assert told(shop) == (2.0, 0.0)
    shop.send(joins("u-1", "h-2"), at=START + HOUR)
    assert told(shop) == (2.0, 1.0)


def test_traits_are_the_newest_whoever_told_them(shop):
    shop.send(joins("u-1", size=2))
    shop.send(joins("u-2", size=4), at=START + HOUR)
    assert shop.read("u-1")["household_size"] == 4.0
    assert shop.read("u-2")["household_size"] == 4.0


def test_a_kind_that_only_another_told_is_the_groups(shop):
    shop.send(joins("u-1"), {"type": "group", "userId": "u-2", "groupId": "h-1"})
    assert told(shop, "u-2")[0] == 1.0


def test_no_more_than_fifty_others_are_looked_at_and_always_the_same(shop):
    users = [f"u-{n}" for n in range(MOST + 9)]
    shop.send(*map(joins, users), *map(says, users))
    assert told(shop)[0] == MOST + 1
    circles = shop.online.circles(shop.customer("u-1"))["household"]
    others = sorted(shop.customer(user) for user in users if user != "u-1")
    assert [other.customer_id for other in circles.others] == others[:MOST]


def test_of_a_customer_without_groups_the_ledger_is_not_asked(shop):
    class Asked(GroupReader):
        n = 0

        def circles(self, customer_id):
            self.n += 1
            return super().circles(customer_id)

    reader = Asked(shop.ledger, FEATURES.groups.kinds)
    online = OnlineFeatures(shop.rows, FEATURES, reader)
    shop.send(orders("u-1"), joins("u-2"))
    online.read(shop.customer("u-1"), START)
    assert reader.n == 0
    online.read(shop.customer("u-2"), START)
    assert reader.n == 1


def test_groups_follow_a_merge_and_come_back_offline_as_online(shop):
    """Three of a household, of whom two become one and come apart; history is written along, or not before the end."""
    shop.send(joins("u-1"), joins("u-2"), joins("u-3"), *map(says, ("u-1", "u-2", "u-3")), orders("u-2"), orders("u-3"))
    history, asked = History(shop.home.history, FEATURES), []
    acts = [
        None,
        ("merge", ("user_id", "u-2"), ("user_id", "u-3")),
        says("u-3", granted=False),
        ("unmerge", ("user_id", "u-2"), ("user_id", "u-3")),
        joins("u-2", member=False),
    ]
    for place, act in enumerate(acts, start=1):
        now = START + place * HOUR
        if isinstance(act, tuple):
            MergeBook(shop.ledger).state([Statement(*act, now, "they say so")], received_at=now)
            shop.projection.catch_up()
        elif act:
            shop.send(act, at=now)
        history.catch_up(shop.ledger)
        for user in ("u-1", "u-2", "u-3"):
            asked.append((shop.customer(user), now, shop.read(user, now=now)))  # noqa: PERF401 (reads happen in between)
    assert [read["household_members"] for _, _, read in asked[::3]] == [3.0, 2.0, 1.0, 2.0, 1.0]
    entities = pd.DataFrame({"customer_id": [a[0] for a in asked], "event_timestamp": [a[1] for a in asked]})
    offline = training_frame(shop.home, FEATURES, entities)
    for (_, _, online), (_, row) in zip(asked, offline.iterrows(), strict=True):
        assert_same(online, {n: None if row[n] is None or row[n] != row[n] else row[n] for n in FEATURES.names})


def test_a_rebuild_changes_nothing(shop):
    shop.send(joins("u-1", size=3), joins("u-2"), says("u-2"), orders("u-2"))
    before = shop.read("u-1")
    rebuild(shop.ledger)
    assert_same(shop.read("u-1"), before)


def test_nothing_of_an_erased_member_stays_online_or_offline(shop):
    shop.send(joins("u-1"), joins("u-2", size=5), says("u-2"), orders("u-2"))
    history = History(shop.home.history, FEATURES)
    history.catch_up(shop.ledger)
    later = START + HOUR
    entities = pd.DataFrame({"customer_id": [shop.customer("u-1")], "event_timestamp": [later]})
    (known,) = training_frame(shop.home, FEATURES, entities)["household_orders_365d"]
    assert known > 0.9
    ErasureBook(shop.ledger).erase([CustomerReference("user_id", "u-2")], now=later)
    shop.projection.catch_up()
    assert told(shop, now=later) == (1.0, 0.0)
    assert shop.read("u-1", now=later)["household_size"] is None
    clear_history(shop.home.history, shop.ledger)
    history.catch_up(shop.ledger)
    frame = training_frame(shop.home, FEATURES, entities)
    assert (*frame["household_orders_365d"], *frame["household_members"]) == (0.0, 1.0)
    assert frame["household_size"].isna().all()


def test_retention_of_states_leaves_who_was_in_which_group(shop):
    shop.send(joins("u-1"), joins("u-2"), says("u-2"))
    shop.send(orders("u-2"), at=START + HOUR)
    History(shop.home.history, FEATURES).catch_up(shop.ledger)
    assert forget_before(shop.home.history, to_us(START + HOUR)) > 0
    entities = pd.DataFrame({"customer_id": [shop.customer("u-1")], "event_timestamp": [START + HOUR]})
    frame = training_frame(shop.home, FEATURES, entities)
    assert (*frame["household_members"], *frame["household_orders_365d"]) == (2.0, 1.0)


def test_a_feature_of_a_group_may_be_used_for_what_the_feature_behind_it_may():
    purposes = FEATURES.purposes
    assert "household_orders_365d" in purposes["profiling"]
    assert "household_open_tickets" in purposes["service"]


ACCOUNT = """\
features:
  - {name: seats_mean, view: v, primitive: mean, on: {type: track, name: Seats}, property: n, description: seats}
groups:
  household: {}
  account:
    features: [seats_mean]
    lowest: [rating_mean]
    consent: opt_out
    traits: [{name: plan, one_of: [free, team], default: free, description: what they pay for, purpose: service}]
"""


def test_a_workspace_names_kinds_features_and_traits(tmp_path):
    path = tmp_path / "features.yaml"
    path.write_text(ACCOUNT)
    features = FeatureSet.load(path)
    by_name = {feature.name: feature for feature in features.features}
    assert features.groups.kinds == {"household", "account"}
    assert {"household_orders_365d", "account_orders_365d", "account_seats_mean"} <= by_name.keys()
    assert by_name["account_lowest_rating_mean"].owner == by_name["rating_mean"].owner
    assert by_name["account_seats_mean"].purpose == "profiling"
    assert (by_name["account_plan"].one_of, features.defaults()["account_plan"]) == (("free", "team"), "free")
    path.write_text("groups: [account]")
    assert FeatureSet.load(path).groups.kinds == {"account"}
    path.write_text("groups: []")
    assert FeatureSet.load(path).groups.kinds == frozenset()


def test_a_trait_that_is_a_category_is_told_in_words_online_and_offline(tmp_path):
    (tmp_path / "features.yaml").write_text(ACCOUNT)
    shop = Shop(tmp_path, FeatureSet.load(tmp_path / "features.yaml"))
    shop.send(joins("u-1", "a-1", type="account"), joins("u-2", "a-1", type="account", plan="team"), orders("u-3"))
    customers = [shop.customer(user) for user in ("u-1", "u-2", "u-3")]
    History(shop.home.history, shop.features).catch_up(shop.ledger)
    frame = pd.DataFrame({"customer_id": customers, "event_timestamp": [START] * 3})
    words = ["team", "team", "free"]
    assert [shop.online.read(customer, START)["account_plan"] for customer in customers] == words
    assert list(training_frame(shop.home, shop.features, frame)["account_plan"]) == words
    read = online_features(shop.home, shop.features, customers, now=START)
    assert [each["account_plan"] for each in read] == words
    shop.close()


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ("{account: {features: [orderz]}}", r"yaml:1: 'orderz' is no feature of a customer"),
        ("{account: {features: [account_members]}}", r"'account_members' is no feature of a customer"),
        ("{account: {lowest: [country]}}", r"'country' is no numeric feature of a customer"),
        ("{account: {consent: maybe}}", r"unknown consent 'maybe'; allowed: opt_in, opt_out"),
        ("{account: {sum: [orders]}}", r"group 'account': unknown option 'sum'; allowed: features, lowest"),
        ("{account: {traits: [{name: plan}]}}", r"feature 'plan': 'description' is missing"),
        ("{account: {traits: [{name: plan, description: d, default: x}]}}", r"default must be a number, given 'x'"),
        ("[Account]", r"a kind is lower-case words joined by single underscores, given 'Account'"),
        ("[account, account]", r"a kind is given twice"),
        ("account", r"groups must be a mapping, given 'account'"),
    ],
)
def test_a_group_that_cannot_be_used_is_refused(tmp_path, groups, said):
    path = tmp_path / "features.yaml"
    path.write_text(f"groups: {groups}")
    with pytest.raises(FeatureFileError, match=said):
        FeatureSet.load(path)


def test_every_feature_of_a_group_is_documented():
    for feature in FEATURES.features:
        if feature.view == "group":
            assert feature.description
            assert feature.owner != "the workspace"
            assert feature.purposes


def test_a_profile_as_of_a_moment_tells_what_groups_told_then(shop):
    shop.send(joins("u-1"), joins("u-2"), says("u-2"), orders("u-2"))
    before = shop.read("u-1")
    shop.send(orders("u-2"), joins("u-3"), says("u-3"), at=START + HOUR)
    documents = ProfileDocuments(shop.ledger, FEATURES, GoldenRules(), partial(make_anew, rules=IdentityRules()))
    document = documents.past(CustomerReference("user_id", "u-1"), START, START + HOUR)
    assert_same(document["features"], before)
    assert [group["members"] for group in document["groups"]] == [2]


def test_of_a_group_too_large_to_be_brought_along_the_past_tells_nothing(shop):
    shop.send(*(joins(f"u-{n}") for n in range(CROWD + 1)))
    documents = ProfileDocuments(shop.ledger, FEATURES, GoldenRules(), partial(make_anew, rules=IdentityRules()))
    features = documents.past(CustomerReference("user_id", "u-1"), START, START)["features"]
    assert {name: features[name] for name in FEATURES.groups.by_kind["household"]} == dict.fromkeys(
        FEATURES.groups.by_kind["household"]
    )
    assert features["groups_joined"] == 1.0


def test_what_is_known_of_groups_is_never_later_than_its_moment(shop):
    shop.send(joins("u-1"), joins("u-2"), says("u-2"))
    shop.send(orders("u-2"), at=START + HOUR)
    History(shop.home.history, FEATURES).catch_up(shop.ledger)
    moments = [START, START + HOUR - timedelta(microseconds=1), START + HOUR]
    frame = pd.DataFrame({"customer_id": [shop.customer("u-1")] * 3, "event_timestamp": moments})
    counted = training_frame(shop.home, FEATURES, frame)["household_orders_365d"]
    assert [round(each, 6) for each in counted] == [0.0, 0.0, 1.0]
    assert to_us(moments[1]) < to_us(moments[2])
