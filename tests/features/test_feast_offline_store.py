"""Our point-in-time join gives what Feast's own store gives: late rows, rows anew, time to live, nobody known."""

import random
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import yaml
from feast import FeatureStore, RepoConfig
from feature_shop import START, Shop, viewed

from features.feast_repo import apply
from features.feature_set import FeatureSet
from features.history import History
from features.home import Home
from features.standard import STANDARD_FEATURES

FEATURES = FeatureSet(STANDARD_FEATURES, ttl={"commerce": timedelta(days=9)})
ROWS = 200


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    """History in several files, with a merge, and a backfill that makes rows of one moment anew."""
    shop, chance = Shop(tmp_path_factory.mktemp("home"), FEATURES), random.Random(3)  # noqa: S311 (a seeded world)
    history = History(shop.home.history, FEATURES)
    for day in range(24):
        now, user = START + timedelta(days=day), f"u-{chance.randrange(4)}"
        bought = {"type": "track", "event": "Order Completed", "userId": user, "properties": {"revenue": day}}
        shop.send(viewed(user), bought, {"type": "page", "anonymousId": f"a-{day % 3}"}, at=now)
        if day == 10:
            shop.send({"type": "identify", "userId": "u-1", "anonymousId": "a-1"}, at=now)
        if day == 15:
            shop.send(viewed("u-2", timestamp=START.isoformat()), at=now, backfill=True)
        if day % 8 == 7:
            history.catch_up(shop.ledger)
    shop.close()
    return shop.home


def a_frame(home: Home) -> pd.DataFrame:
    """Moments before, between, at and after what happened, of customers known and unknown, in no order."""
    chance = np.random.default_rng(5)
    known = pd.read_parquet(home.history / "behaviour")["customer_id"].unique()
    hours = chance.choice([*range(-24, 24 * 40, 6)], ROWS)
    moments = [START + timedelta(hours=int(each)) for each in hours]
    customers = chance.choice([*known, "c_nobody"], ROWS)
    return pd.DataFrame({"customer_id": customers, "event_timestamp": pd.DatetimeIndex(moments).as_unit("us")})


def stock(home: Home) -> FeatureStore:
    settings = yaml.safe_load((home.path / "feature_store.yaml").read_text())
    return FeatureStore(config=RepoConfig(**{**settings, "offline_store": {"type": "duckdb"}}, repo_path=home.path))


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # ibis calls DuckDB 2 by an old name
@pytest.mark.parametrize("full", [False, True])
def test_the_join_equals_that_of_feasts_own_store(home, full):
    frame, store = a_frame(home).assign(extra=range(ROWS)), apply(home, FEATURES)
    given, wanted = (
        each.get_historical_features(frame, store.get_feature_service("propensity"), full_feature_names=full).to_df()
        for each in (store, stock(home))
    )
    assert set(given.columns) == set(wanted.columns)
    wanted = wanted.sort_values("extra")[list(given.columns)].reset_index(drop=True)
    assert given["extra"].tolist() == list(range(ROWS))
    assert wanted.drop(columns=["extra", "customer_id", "event_timestamp"]).notna().to_numpy().mean() > 0.1
    pd.testing.assert_frame_equal(given, wanted, check_dtype=False)


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # ibis calls DuckDB 2 by an old name
def test_a_frame_with_another_name_for_its_moments_goes_feasts_way(home):
    frame, store, column = a_frame(home).assign(extra=range(ROWS)), apply(home, FEATURES), "commerce:orders__n"
    given = store.get_historical_features(frame, [column]).to_df()["orders__n"]
    renamed = store.get_historical_features(frame.rename(columns={"event_timestamp": "moment"}), [column]).to_df()
    pd.testing.assert_series_equal(given, renamed.sort_values("extra")["orders__n"].reset_index(drop=True))
