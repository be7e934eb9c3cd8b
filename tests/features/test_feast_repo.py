"""Feast on our stores: applied once, under a lock; written through Feast and read by us, and the other way round."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import yaml
from feast import FeatureStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value

from decisioning.errors import InvalidInputError, UnavailableError
from features.feast_online_store import CLASS_PATH
from features.feast_repo import SERVICES, apply, open_store
from features.feature_set import FeatureSet
from features.historical import online_states, training_frame
from features.history import History
from features.home import Home
from features.intake import Intake
from features.ledger import Ledger
from features.online_store import PackedRow, PackedRows
from features.packing import pack

FEATURES = FeatureSet.load(None)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAIVE = datetime(2026, 3, 1)


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home").create()


def us(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def through_feast(store: FeatureStore, columns: dict[str, float], *, at: datetime) -> None:
    key = EntityKey(join_keys=["customer_id"], entity_values=[Value(string_val="c_1")])
    values = {name: Value(double_val=value) for name, value in columns.items()}
    view = store.get_feature_view("commerce")
    store._get_provider().online_write_batch(store.config, view, [(key, values, at, at)], None)


def commerce(**columns: float) -> bytes:
    names = FEATURES.view("commerce").columns
    return pack(np.array([[columns.get(name, np.nan) for name in names]]))[0]


def test_a_service_per_model_has_every_state_column(home):
    store = apply(home, FEATURES)
    for name in SERVICES:
        service = store.get_feature_service(name)
        columns = [f.name for projection in service.feature_view_projections for f in projection.features]
        assert sorted(columns) == sorted(FEATURES.columns)


def test_feature_store_yaml_names_our_stores(home):
    apply(home, FEATURES)
    settings = yaml.safe_load((home.path / "feature_store.yaml").read_text())
    assert settings["online_store"]["type"] == CLASS_PATH
    assert settings["offline_store"]["type"] == "features.feast_offline_store.AsOfOfflineStore"
    assert FeatureStore(repo_path=str(home.path)).list_feature_services()


def test_what_is_written_through_feast_is_read_by_us(home):
    through_feast(apply(home, FEATURES), {"orders__n": 3.0, "days_since_order__at": float(us(NOON))}, at=NOON)
    row = PackedRows(home.online).read("c_1")[0]
    assert row == PackedRow(
        "c_1", "commerce", us(NOON), us(NOON), commerce(orders__n=3.0, days_since_order__at=us(NOON))
    )


def test_what_is_written_by_us_is_read_through_feast(home):
    PackedRows(home.online).write([PackedRow("c_1", "commerce", us(NOON), us(NOON), commerce(orders__n=3.0))])
    states = online_states(apply(home, FEATURES), FEATURES, ["c_1", "c_nobody"])
    assert states[0, FEATURES.columns.index("orders__n")] == 3.0
    assert np.isnan(states[1]).all()


def test_feast_cannot_overwrite_a_newer_row_with_an_older_one(home):
    store = apply(home, FEATURES)
    through_feast(store, {"orders__n": 3.0}, at=NOON)
    through_feast(store, {"orders__n": 2.0}, at=NOON - timedelta(hours=1))
    assert PackedRows(home.online).read("c_1")[0].state == commerce(orders__n=3.0)


def test_applying_again_changes_nothing_and_a_new_view_is_added(home, tmp_path):
    apply(home, FEATURES)
    before = (home.path / "registry.db").read_bytes()
    apply(home, FEATURES)
    assert (home.path / "registry.db").read_bytes() == before
    own = tmp_path / "features.yaml"
    own.write_text("features: [{name: logins, view: logins, primitive: count, on: {type: page}, description: d}]")
    assert "logins" in {view.name for view in apply(home, FeatureSet.load(own)).list_feature_views()}
    assert "logins" not in {view.name for view in apply(home, FEATURES).list_feature_views()}


def test_a_damaged_registry_is_replaced_by_the_last_good_copy(home):
    apply(home, FEATURES)
    (home.path / "registry.db").write_bytes(b"\xff" * 100)
    assert len(open_store(home).list_feature_views()) == len(FEATURES.views)


def rows_of(**columns):
    frame = pd.DataFrame({"customer_id": ["c_1", "c_2"], "event_timestamp": [NOON, NOON]}).assign(**columns)
    return frame.astype({"event_timestamp": "datetime64[us, UTC]"})


@pytest.mark.parametrize(
    ("frame", "service", "said"),
    [
        (pd.DataFrame({"customer_id": ["c_1"]}), "propensity", "needs customer_id, event_timestamp"),
        (pd.DataFrame({"customer_id": ["c_1"], "event_timestamp": [NAIVE]}), "propensity", "must be aware"),
        (pd.DataFrame({"customer_id": ["c_1"], "event_timestamp": [NOON]}), "value", "unknown feature service 'value'"),
        (rows_of(orders=1), "propensity", "'orders' is a feature: call the entity frame's column otherwise"),
        (rows_of(event_timestamp=[NOON, None]), "propensity", "event_timestamp is missing in 1 of 2 rows.*row 2"),
        (rows_of(customer_id=[None, "c_1"]), "propensity", "customer_id is missing in 1 of 2 rows.*row 1"),
    ],
)  # fmt: skip
def test_a_frame_that_cannot_be_joined_is_refused(home, frame, service, said):
    with pytest.raises(InvalidInputError, match=said):
        training_frame(home, FEATURES, frame, service=service)


def test_customers_without_history_keep_their_row_and_order(home):
    frame = pd.DataFrame(
        {"customer_id": ["c_2", "c_1"], "event_timestamp": [NOON, NOON], "label": [1, 0]}, index=[7, 3]
    )
    joined = training_frame(home, FEATURES, frame)
    assert list(joined["customer_id"]) == ["c_2", "c_1"]
    assert list(joined.index) == [7, 3]
    assert list(joined["orders"]) == [0.0, 0.0]
    assert joined["days_since_order"].isna().all()


def test_history_of_another_definition_is_not_joined(home, tmp_path):
    own = tmp_path / "features.yaml"
    own.write_text("features: [{name: logins, view: response, primitive: count, on: {type: page}, description: d}]")
    ledger = Ledger(home.ledger)
    Intake(ledger).accept([{"type": "page", "userId": "u", "timestamp": NOON.isoformat()}], received_at=NOON)
    History(home.history, FEATURES).catch_up(ledger)
    frame = pd.DataFrame({"customer_id": ["c_2"], "event_timestamp": [NOON]})
    with pytest.raises(UnavailableError, match="was made by another definition"):
        training_frame(home, FeatureSet.load(own), frame)
    History(home.history, FeatureSet.load(own)).catch_up(ledger)
    assert training_frame(home, FeatureSet.load(own), frame)["logins"].tolist() == [0.0]
    ledger.close()


def test_a_time_to_live_that_was_changed_is_told_to_feast(home):
    apply(home, FEATURES)
    assert not apply(home, FEATURES).get_feature_view("commerce").ttl
    told = apply(home, FeatureSet(FEATURES.features, ttl={"commerce": timedelta(days=7)}))
    assert told.get_feature_view("commerce").ttl == timedelta(days=7)
