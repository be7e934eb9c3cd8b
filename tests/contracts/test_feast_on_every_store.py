"""Feast on the embedded store and on Redis: its own answers equal those of the path that serves, for every customer."""

import random
import subprocess
import sys
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import yaml
from feast import FeatureStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feature_shop import FEATURES, START, assert_same
from redis_server import a_redis

from features.feast_repo import apply, open_store
from features.feature_set import FeatureSet
from features.historical import online_features, online_states
from features.home import Home
from features.intake import Intake
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.projection import FeatureProjection
from features.standard import STANDARD_FEATURES
from features.stores import Stores, open_rows

EVENTS = ("Product Viewed", "Product Added", "Order Completed", "Ticket Opened", "Survey Answered", "Email Opened")
N_CUSTOMERS = 60


@pytest.fixture(scope="module", params=["embedded", "redis"])
def stores(request, tmp_path_factory):
    if request.param == "embedded":
        yield Stores()
        return
    with a_redis(tmp_path_factory.mktemp("redis")) as url:
        yield Stores(online="redis", redis=url, prefix="test")


def an_event(chance: random.Random, place: int) -> dict:
    user, told = f"u-{chance.randrange(N_CUSTOMERS)}", {"revenue": chance.random() * 90, "nps": 7, "text": "not bad"}
    kinds = ({"type": "page"}, {"type": "track", "event": chance.choice(EVENTS)}, {"type": "identify"})
    kind = dict(chance.choices(kinds, (2, 6, 1))[0])
    kind["traits" if kind["type"] == "identify" else "properties"] = {**told, "birthday": "1980-02-01", "country": "AT"}
    at = START - timedelta(minutes=chance.choice([1, 20, 500, 90_000]) * chance.random())
    return {**kind, "userId": user, "messageId": f"m-{place}", "timestamp": at.isoformat()}


@pytest.fixture(scope="module")
def world(stores, tmp_path_factory):
    """A home with customers whose rows are in the store: (home, rows, customer ids)."""
    chance = random.Random(80)  # noqa: S311 - a seeded world, nothing secret
    home = Home(tmp_path_factory.mktemp("home")).create()
    with Ledger(home.ledger) as ledger:
        rows = open_rows(home, stores)
        intake = Intake(ledger, [FeatureProjection(ledger, rows, FEATURES)])
        intake.accept([an_event(chance, place) for place in range(900)], received_at=START)
        customers = sorted({record.customer_id for record in ledger.records() if record.customer_id})
        intake.close()
    yield home, rows, customers
    rows.close()


def test_get_online_features_equals_the_reader_for_every_customer(world, stores):
    home, rows, customers = world
    apply(home, FEATURES, stores=stores)
    reader, now = OnlineFeatures(rows, FEATURES), START + timedelta(minutes=5)
    assert len(customers) == N_CUSTOMERS
    for customer, answer in zip(customers, online_features(home, FEATURES, customers, now=now), strict=True):
        known = reader.read(customer, now)
        assert_same(known, answer)
        assert sum(value is not None for value in known.values()) > 60


def test_the_states_are_equal_bit_by_bit(world, stores):
    home, rows, customers = world
    told = online_states(apply(home, FEATURES, stores=stores), FEATURES, customers)
    stored = {c: {row.view: row.state for row in rows.read(c)} for c in customers}
    np.testing.assert_array_equal(told, np.concatenate([FEATURES.joined(stored[customer]) for customer in customers]))


def test_what_is_written_through_feast_is_read_by_us_and_an_older_row_is_not_written(world, stores):
    home, rows, _ = world
    store = apply(home, FEATURES, stores=stores)
    view = store.get_feature_view("commerce")
    for n, at in ((3.0, START), (2.0, START - timedelta(hours=1))):
        key = EntityKey(join_keys=["customer_id"], entity_values=[Value(string_val="c_by_feast")])
        store._get_provider().online_write_batch(
            store.config, view, [(key, {"orders__n": Value(double_val=n)}, at, at)], None
        )
    assert OnlineFeatures(rows, FEATURES).read("c_by_feast", START)["orders"] == 3.0


def test_feasts_own_tools_find_the_store_that_the_workspace_names(world, stores):
    home, _, customers = world
    apply(home, FEATURES, stores=stores)
    settings = yaml.safe_load((home.path / "feature_store.yaml").read_text())
    assert "secret" not in str(settings)
    assert ("Redis" in settings["online_store"]["type"]) == (stores.online == "redis")
    assert apply(home, FEATURES).config.online_store.type == settings["online_store"]["type"]
    answer = FeatureStore(repo_path=str(home.path)).get_online_features(
        features=["commerce:orders__n"], entity_rows=[{"customer_id": customers[0]}]
    )
    assert "orders__n" in answer.to_dict()


def applied(folder: str, n: int) -> None:
    features = FeatureSet(STANDARD_FEATURES[: len(STANDARD_FEATURES) - n])
    apply(Home(Path(folder)), features)


@pytest.mark.slow
def test_concurrent_applies_leave_one_whole_definition_and_a_good_copy(tmp_path):
    """Four processes apply four definitions, twice each; what is left is one of them, complete, and so is the copy."""
    home = Home(tmp_path).create()
    processes = [get_context("spawn").Process(target=applied, args=(str(tmp_path), n % 2)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    wanted = [
        {v.name: set(v.columns) for v in FeatureSet(STANDARD_FEATURES[: len(STANDARD_FEATURES) - n]).views}
        for n in (0, 1)
    ]
    assert columns_of(home) in wanted
    (tmp_path / "registry.db").write_bytes(b"damaged")
    assert columns_of(home) in wanted


def columns_of(home: Home) -> dict[str, set[str]]:
    return {view.name: {field.name for field in view.features} for view in open_store(home).list_feature_views()}


def test_serving_reads_redis_without_feast():
    code = "import sys, features.redis_rows, features.stores; print('feast' in sys.modules or 'pandas' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
