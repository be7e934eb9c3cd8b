"""The coffee workspace: the adapter's rules on a handful of lines, and the published protocol on the real data."""

import gzip
import json
import os
import tomllib
from bisect import bisect_right
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from decisioning.action import NO_ACTION
from decisioning.catalog_file import read_catalog
from decisioning.errors import NotFoundError
from features.event import parse_event
from features.feature_set import FeatureSet
from pipelines.world_source import load_module

WORKSPACE = Path(__file__).parents[2] / "examples" / "coffee"
COFFEE = load_module(WORKSPACE / "adapter.py", needs="adapt")
HOURS = (0, 168, 336, 408, 504, 576)
BOGO, DISCOUNT = "b" * 32, "d" * 32

PORTFOLIO = [
    {"reward": 10, "channels": ["email"], "difficulty": 10, "duration": 7.0, "offer_type": "bogo", "id": BOGO},
    {"reward": 2, "channels": ["email"], "difficulty": 10, "duration": 10.0, "offer_type": "discount", "id": DISCOUNT},
]
PROFILES = [
    {"gender": None, "age": 118, "id": "ann", "became_member_on": "20170212", "income": None},
    {"gender": "F", "age": 55, "id": "bea", "became_member_on": "20160715", "income": 112000},
]
TRANSCRIPT = [
    {"person": "ann", "event": "offer received", "value": {"offer id": BOGO}, "time": 0},
    {"person": "ann", "event": "offer viewed", "value": {"offer id": BOGO}, "time": 0},
    {"person": "ann", "event": "transaction", "value": {"amount": 12.5}, "time": 167},
    {"person": "ann", "event": "offer completed", "value": {"offer_id": BOGO, "reward": 10}, "time": 167},
    {"person": "ann", "event": "offer received", "value": {"offer id": DISCOUNT}, "time": 336},
    {"person": "ann", "event": "transaction", "value": {"amount": 80.0}, "time": 336},
    {"person": "ann", "event": "transaction", "value": {"amount": 11.0}, "time": 410},
    {"person": "ann", "event": "offer completed", "value": {"offer_id": DISCOUNT, "reward": 2}, "time": 410},
    {"person": "ann", "event": "offer viewed", "value": {"offer id": DISCOUNT}, "time": 700},
]


def _write(folder, **files):
    texts = {"portfolio": PORTFOLIO, "profile": PROFILES, "transcript": TRANSCRIPT} | files
    for name, rows in texts.items():
        text = "\n\n".join(json.dumps(row) for row in rows)
        (folder / f"{name}.json.gz").write_bytes(gzip.compress(text.encode()))
    return folder


@pytest.fixture
def few(tmp_path):
    return COFFEE.adapt(_write(tmp_path))


def _hour(n, minutes=0):
    return datetime(2018, 8, 1, tzinfo=UTC) + timedelta(hours=n, minutes=minutes)


def test_events_are_segment_events_in_order_of_time(few):
    events = [parse_event(raw, received_at=_hour(1000)) for raw in few.events()]
    assert [event.occurred_at for event in events] == sorted(event.occurred_at for event in events)
    assert len({event.message_id for event in events}) == len(events)
    assert [event.name for event in events[2:6]] == [
        "Offer Received",
        "Offer Viewed",
        "Order Completed",
        "Offer Completed",
    ]


def test_a_customer_joins_on_their_day_and_an_age_of_118_is_not_known(few):
    bea, ann = list(few.events())[:2]
    assert bea["timestamp"] == "2016-07-15T00:00:00+00:00"
    assert bea["traits"] == {"age": 55, "gender": "F", "income": 112000, "became_member_on": "2016-07-15"}
    assert ann["traits"] == {"became_member_on": "2017-02-12"}


def test_a_reward_counts_only_against_the_wave_that_offered_it(few):
    paid = [
        (event["timestamp"][:16], event["properties"]["amount"])
        for event in few.events()
        if _named(event, "Reward Paid")
    ]
    assert paid == [("2018-08-07T23:32", 10.0)]
    completed = [event["properties"]["offer"] for event in few.events() if _named(event, "Offer Completed")]
    assert completed == ["bogo_10_7d", "discount_2_off_10_10d"]


def _named(event, name):
    return event.get("event") == name


def test_every_customer_is_decided_for_at_every_wave(few):
    decisions = list(few.decisions())
    assert [decision.decided_at for decision in decisions] == [_hour(n) for n in HOURS for _ in range(2)]
    chosen = {(each.reference.value, each.decided_at): each.chosen for each in decisions if each.chosen != NO_ACTION}
    assert chosen == {("ann", _hour(0)): "bogo_10_7d", ("ann", _hour(336)): "discount_2_off_10_10d"}
    assert few.waves == tuple(_hour(n) for n in HOURS)


def test_a_decision_states_its_probabilities(few):
    bogo, none = list(few.decisions())[:2]
    assert (bogo.ranked[0].action, bogo.ranked[0].action_probability, bogo.ranked[0].treatment) == (
        "bogo_10_7d",
        0.075,
        "email",
    )
    assert (none.ranked, none.eligible[NO_ACTION]) == ((), 0.25)
    assert (bogo.customer_id, bogo.features, bogo.versions.bundle) == ("", {}, "imported")


def test_outcomes_belong_to_the_decision_that_offered_while_it_was_valid(few):
    told = [(outcome.type, outcome.decision_id, outcome.action) for outcome in few.outcomes()]
    assert told == [
        ("click", "wave1-ann", "bogo_10_7d"),
        ("accept", "wave1-ann", "bogo_10_7d"),
        ("accept", "wave3-ann", "discount_2_off_10_10d"),
    ]


def test_a_folder_that_is_not_there_is_named_with_what_is_expected(tmp_path):
    with pytest.raises(
        NotFoundError, match=r"nowhere does not exist; expected there are portfolio.json, profile.json, tra"
    ):
        COFFEE.adapt(tmp_path / "nowhere")


def test_a_folder_that_lacks_a_file_is_named_with_the_file(tmp_path):
    (_write(tmp_path) / "profile.json.gz").unlink()
    with pytest.raises(NotFoundError, match=r"exists, but lacks profile.json \(each plain or as .gz\)"):
        COFFEE.adapt(tmp_path)


def test_a_damaged_file_is_named(tmp_path):
    path = _write(tmp_path) / "transcript.json.gz"
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(NotFoundError, match=r"transcript.json.gz is damaged"):
        COFFEE.adapt(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            {"person": "ann", "event": "offer torn", "value": {}, "time": 0},
            "unknown event 'offer torn'; known are offer rec",
        ),
        ({"person": "eve", "event": "transaction", "value": {"amount": 1}, "time": 0}, "'eve'"),
        ({"person": "ann", "event": "offer viewed", "value": {"offer id": "x"}, "time": 0}, "'x'"),
        ({"person": "ann", "event": "offer received", "value": {"offer id": BOGO}, "time": 5}, "not in tuple"),
        ({"event": "transaction"}, "'value'"),
    ],
)
def test_other_data_is_refused_with_what_does_not_fit(tmp_path, line, message):
    with pytest.raises(NotFoundError, match=r"does not hold the coffee data") as error:
        COFFEE.adapt(_write(tmp_path, transcript=[*TRANSCRIPT, line]))
    assert message in error.value.message


def test_the_workspace_s_features_and_catalogue_fit_together():
    features = FeatureSet.load(WORKSPACE / "features.yaml")
    catalog = read_catalog((WORKSPACE / "catalog.yaml").read_text(), features=features.names)
    assert len(catalog.actions) == 10
    assert catalog.placements[COFFEE.PLACEMENT].impressions == "implied"
    last_offer = next(each for each in features.features if each.name == "last_offer")
    assert set(last_offer.one_of) == set(catalog.actions)


# --- the real data -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder():
    root = os.environ.get("TSUGI_TEST_DATA")
    if not root:
        pytest.skip("TSUGI_TEST_DATA is not set; it names the folder that holds starbucks-offers")
    if not (Path(root) / "starbucks-offers").is_dir():
        pytest.skip(f"TSUGI_TEST_DATA={root} has no folder starbucks-offers")
    return Path(root) / "starbucks-offers"


@pytest.fixture(scope="module")
def coffee(folder):
    return COFFEE.adapt(folder)


@pytest.fixture(scope="module")
def events(coffee):
    return list(coffee.events())


@pytest.fixture(scope="module")
def drawn(coffee):
    """Per customer and wave the index of the action; 0 is no_action. Shape (17,000, 6)."""
    names = [NO_ACTION, *(offer.name for offer in coffee.offers.values())]
    return np.array([[names.index(name) for name in waves] for waves in coffee.drawn.values()])


@pytest.fixture(scope="module")
def money(coffee, events):
    """The goal of tsugi.toml applied to the events: (raw, capped) rewards, each of shape (17,000, 6)."""
    row = {customer: number for number, customer in enumerate(coffee.drawn)}
    waves = [wave.isoformat() for wave in coffee.waves]
    raw, capped = np.zeros((len(row), 6)), np.zeros((len(row), 6))
    for rule in tomllib.loads((WORKSPACE / "tsugi.toml").read_text())["goal"]["rewards"]:
        for event in (event for event in events if _named(event, rule["event"])):
            where = row[event["userId"]], bisect_right(waves, event["timestamp"]) - 1
            amount, weight = event["properties"][rule["amount"]], rule.get("weight", 1.0)
            raw[where] += weight * amount
            capped[where] += weight * min(amount, rule.get("cap", np.inf))
    return raw, capped


def test_the_real_data_is_whole(coffee, events):
    assert len(coffee.profiles) == 17_000
    assert Counter(event.get("event", event["type"]) for event in events) == {
        "identify": 17_000,
        "Offer Received": 76_277,
        "Offer Viewed": 57_725,
        "Order Completed": 138_953,
        "Offer Completed": 33_579,
        "Reward Paid": 27_234,
    }


def test_the_real_events_are_valid_and_in_order(events):
    times = [event["timestamp"] for event in events]
    assert times == sorted(times)
    assert len({event["messageId"] for event in events}) == len(events)
    for event in events[::97]:
        parse_event(event, received_at=_hour(1000))


def test_the_real_draw_has_the_stated_probabilities(drawn):
    assert drawn.size == 102_000
    shares = np.bincount(drawn.ravel(), minlength=11) / drawn.size
    stated = np.array([0.25] + [0.075] * 10)
    assert np.all(np.abs(shares - stated) < 4 * np.sqrt(stated * (1 - stated) / drawn.size))


def test_the_real_decisions_and_outcomes_agree(coffee):
    decisions = {each.decision_id: each for each in coffee.decisions()}
    assert len(decisions) == 102_000
    outcomes = list(coffee.outcomes())
    assert Counter(each.type for each in outcomes) == {"click": 56_567, "accept": 33_579}
    assert all(decisions[each.decision_id].chosen == each.action for each in outcomes)
    assert all(decisions[each.decision_id].decided_at < each.occurred_at for each in outcomes)


def test_no_real_event_that_a_feature_may_see_is_of_the_decision_s_own_hour(coffee, events, drawn):
    waves = [wave.isoformat() for wave in coffee.waves]
    assert not {event["timestamp"] for event in events}.intersection(waves)
    seen = {customer: [0] * 6 for customer in coffee.drawn}
    for event in (event for event in events if _named(event, "Offer Received")):
        for wave in range(bisect_right(waves, event["timestamp"]), 6):
            seen[event["userId"]][wave] += 1
    offered_before = np.cumsum(drawn > 0, axis=1) - (drawn > 0)
    assert np.array_equal(np.array(list(seen.values())), offered_before)


def test_the_goal_gives_the_reward_of_the_protocol(folder, coffee, money):
    """Spend from the wave to the next less rewards paid for that wave's offer; capped: purchases cut at $50."""
    row = {customer: number for number, customer in enumerate(coffee.drawn)}
    raw, capped, received = np.zeros((len(row), 6)), np.zeros((len(row), 6)), {}
    for text in gzip.decompress((folder / "transcript.json.gz").read_bytes()).splitlines():
        line = json.loads(text or "{}")
        if not line:
            continue
        where, value = (row[line["person"]], bisect_right(HOURS, line["time"]) - 1), line["value"]
        if line["event"] == "offer received":
            received[where] = value["offer id"]
        elif line["event"] == "transaction":
            raw[where] += value["amount"]
            capped[where] += min(value["amount"], 50.0)
        elif line["event"] == "offer completed" and received.get(where) == value["offer_id"]:
            raw[where] -= value["reward"]
            capped[where] -= value["reward"]
    assert np.allclose(money[0], raw, atol=1e-9)
    assert np.allclose(money[1], capped, atol=1e-9)


def test_the_values_on_the_last_two_waves_are_the_published_ones_within_their_noise(coffee, drawn, money):
    """The protocol, doubly robust: none 13.4, uniform 17.5, "$2 off $10, 10 days" 22.5 ± 0.74, capped 20.58 ± 0.39."""
    best = 1 + [offer.name for offer in coffee.offers.values()].index("discount_2_off_10_10d")
    arms, raw, capped = drawn[:, 4:], money[0][:, 4:], money[1][:, 4:]
    none, uniform = _value(raw, arms, [0]), _value(raw, arms, range(11))
    assert none == pytest.approx(13.4, abs=0.5)
    assert uniform == pytest.approx(17.5, abs=0.5)
    assert _value(raw, arms, [best]) == pytest.approx(22.5, abs=0.9)
    assert _value(capped, arms, [best]) == pytest.approx(20.58, abs=0.6)
    values = [_value(capped, arms, [arm]) for arm in range(11)]
    assert int(np.argmax(values)) == best


def _value(reward, arms, policy):
    """The IPS value of choosing uniformly among the arms of `policy`."""
    probability = np.where(arms == 0, 0.25, 0.075)
    target = np.isin(arms, list(policy)) / len(policy)
    return float(np.mean(target / probability * reward))
