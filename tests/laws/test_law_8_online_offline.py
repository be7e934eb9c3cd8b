"""Law 8: online features equal offline features at the same instant, and none is later than its moment.

Everything is real: events go through the intake into the ledger, online features are read at each moment as it passes,
and afterwards the same moments are asked of Feast's point-in-time join over the history.
"""

import random
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from feature_shop import START, Shop, assert_same

from features import historical
from features.feast_repo import apply
from features.feature import Feature
from features.feature_set import FeatureSet
from features.historical import BLOCK, online_features, online_states, training_frame
from features.history import History
from features.journey.file import read_journey_file
from features.primitives_value import trait
from features.standard import STANDARD_FEATURES

TIERS = ("mass", "private")
DECLARED = (
    *STANDARD_FEATURES,
    Feature("income", "profile", trait("income"), "yearly income"),
    Feature("segment", "profile", trait("segment", one_of=TIERS), "tier", "category", TIERS),
)
FEATURES = FeatureSet(DECLARED, journeys=read_journey_file(Path(__file__).parents[1] / "journeys.yaml", DECLARED))
EVENTS = ["Product Viewed", "Products Searched", "Order Completed", "Ticket Opened", "Ticket Solved", "Survey Answered"]
EVENTS += ["Hold Set", "Consent Updated"]
SAID = {"hold": "sales", "purpose": "ads", "granted": True}


def an_event(chance: random.Random, user: str) -> dict:
    if chance.random() < 0.2:
        traits = {"income": chance.randrange(5000), "segment": chance.choice([*TIERS, "?"])}
        return {"type": "identify", "userId": user, "traits": traits}
    if chance.random() < 0.3:
        return {"type": "page", "userId": user}
    properties = {"revenue": round(chance.uniform(1, 100), 2), "nps": chance.randrange(11), **SAID}
    return {"type": "track", "event": chance.choice(EVENTS), "userId": user, "properties": properties}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A shop after 60 steps of time, and what was read online on the way: (shop, [(customer, moment, features)])."""
    chance = random.Random(8)  # noqa: S311 - a seeded world, nothing secret
    shop, asked = Shop(tmp_path_factory.mktemp("home"), FEATURES), []
    now = START
    for step in range(60):
        now += timedelta(seconds=chance.randrange(60, 200_000))
        late = [an_event(chance, f"u-{chance.randrange(6)}") for _ in range(chance.randrange(4))]
        for event in late:
            event["timestamp"] = (now - timedelta(seconds=chance.choice([0, 5, 90_000, -200]))).isoformat()
        shop.send(*late, at=now)
        if step == 30:
            History(shop.home.history, FEATURES).catch_up(shop.ledger)
        asked += [(shop.customer(user), now, shop.read(user, now=now)) for user in {e["userId"] for e in late}]
    History(shop.home.history, FEATURES).catch_up(shop.ledger)
    yield shop, asked
    shop.close()


@pytest.mark.parametrize("block", [7, BLOCK])
def test_online_features_equal_offline_features_at_the_same_instant(world, monkeypatch, block):
    monkeypatch.setattr(historical, "BLOCK", block)
    shop, asked = world
    entities = pd.DataFrame({"customer_id": [a[0] for a in asked], "event_timestamp": [a[1] for a in asked]})
    offline = training_frame(shop.home, FEATURES, entities)
    assert len(offline) == len(asked) > 50
    for (_, _, online), (_, row) in zip(asked, offline.iterrows(), strict=True):
        past = {n: None if row[n] is None or row[n] != row[n] else row[n] for n in FEATURES.names}
        assert_same(online, past)


def test_no_feature_is_later_than_its_moment(world):
    shop, asked = world
    later = shop.read("u-1", now=START + timedelta(days=300))
    assert later["days_since_activity"] > 0
    first = min(asked, key=lambda each: each[1])
    before = pd.DataFrame({"customer_id": [first[0]], "event_timestamp": [first[1] - timedelta(microseconds=1)]})
    nothing_known = training_frame(shop.home, FEATURES, before)[list(FEATURES.names)].iloc[0].to_dict()
    assert_same({n: None if v is None or v != v else v for n, v in nothing_known.items()}, FEATURES.defaults())


def test_the_embedded_reader_agrees_with_feasts_own_online_answer(world):
    shop, asked = world
    customers = sorted({customer for customer, _, _ in asked})
    now = START + timedelta(days=200)
    for customer, answer in zip(customers, online_features(shop.home, FEATURES, customers, now=now), strict=True):
        assert_same(shop.online.read(customer, now), answer)


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # ibis calls DuckDB 2 by an old name
def test_state_columns_agree_between_feasts_online_and_historical_answers(world):
    shop, asked = world
    customers = sorted({customer for customer, _, _ in asked})
    store = apply(shop.home, FEATURES)
    entities = pd.DataFrame({"customer_id": customers, "event_timestamp": pd.Timestamp("2027-06-01", tz="UTC")})
    past = _historical(store, entities).set_index("customer_id").loc[customers, list(FEATURES.columns)]
    now = online_states(store, FEATURES, customers)
    np.testing.assert_allclose(now, past.to_numpy(float), rtol=1e-9, atol=1e-9)


def _historical(store, entities: pd.DataFrame) -> pd.DataFrame:
    return store.get_historical_features(entities, store.get_feature_service("churn")).to_df()
