"""Features through Feast: of the past, as they were known then, and of now; both by the same `at`."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd
from feast import FeatureStore

from decisioning.customer import FeatureValue
from decisioning.errors import InvalidInputError
from features.feast_repo import SERVICES, apply
from features.feature_set import FeatureSet
from features.history import History
from features.home import Home
from features.instant import to_us
from features.primitives import Array

KEYS = ("customer_id", "event_timestamp")
ROW = "tsugi_row"


def training_frame(
    home: Home, features: FeatureSet, entity_frame: pd.DataFrame, *, service: str = "propensity"
) -> pd.DataFrame:
    """The documented features of customers at moments, as they were known then.

    Feast joins the newest state that was known at each moment (by `features.feast_offline_store`); `at` makes it the
    features.
    History is joined as far as it was written: run `History.catch_up` first.

    Parameters: `entity_frame`, columns `customer_id` and `event_timestamp` (aware); others are kept. Returns it in the
    same order, with a column per feature: numbers as float64 (NaN where not known), categories as words or None.
    Raises: `InvalidInputError` where a column is missing, times are naive, or the service is unknown;
    `UnavailableError` where history was written by another definition of the features.
    """
    _check(entity_frame, service)
    if entity_frame.empty:
        return _with_features(entity_frame, features, features.empty(0))
    History(home.history, features).check()
    store = apply(home, features)
    keys = pd.DataFrame(
        {
            "customer_id": entity_frame["customer_id"].astype(str).to_numpy(),
            "event_timestamp": entity_frame["event_timestamp"].dt.tz_convert("UTC").dt.as_unit("us").array,
            ROW: np.arange(len(entity_frame)),
        }
    )
    joined = store.get_historical_features(keys, store.get_feature_service(service)).to_df().sort_values(ROW)
    return _with_features(entity_frame, features, joined[list(features.columns)].to_numpy(np.float64))


def online_features(
    home: Home, features: FeatureSet, customer_ids: Sequence[str], *, now: datetime, service: str = "propensity"
) -> list[dict[str, FeatureValue]]:
    """The documented features of customers now, read through Feast; `features.online` reads the same without it."""
    states = online_states(apply(home, features), features, customer_ids, service=service)
    return [features.values(states[place : place + 1], now_us=to_us(now)) for place in range(len(customer_ids))]


def online_states(
    store: FeatureStore, features: FeatureSet, customer_ids: Sequence[str], *, service: str = "propensity"
) -> Array:
    """The state columns as Feast's own `get_online_features` answers them, shape (n_customers, n_state)."""
    answer = store.get_online_features(
        features=store.get_feature_service(service), entity_rows=[{"customer_id": each} for each in customer_ids]
    ).to_dict()
    return np.array([answer[column] for column in features.columns], dtype=np.float64).T


def _with_features(entity_frame: pd.DataFrame, features: FeatureSet, states: Array) -> pd.DataFrame:
    now_us = entity_frame["event_timestamp"].dt.tz_convert("UTC").dt.as_unit("us").astype("int64").to_numpy()
    values = features.at(states, now_us)
    columns: dict[str, object] = {name: values[:, place] for place, name in enumerate(features.names)}
    for feature in features.features:
        if feature.kind == "category":
            codes = values[:, features.names.index(feature.name)]
            columns[feature.name] = np.array(features.words(feature.name, codes), dtype=object)
    return pd.concat([entity_frame, pd.DataFrame(columns, index=entity_frame.index)], axis=1)


def _check(entity_frame: pd.DataFrame, service: str) -> None:
    for column in KEYS:
        if column not in entity_frame.columns:
            raise InvalidInputError(f"the entity frame needs {', '.join(KEYS)}; it has {list(entity_frame.columns)}")
    if getattr(entity_frame["event_timestamp"].dtype, "tz", None) is None:
        given = entity_frame["event_timestamp"].dtype
        raise InvalidInputError(f"event_timestamp must be aware datetimes, given {given}", field="event_timestamp")
    if service not in SERVICES:
        raise InvalidInputError(f"unknown feature service {service!r}; allowed: {', '.join(SERVICES)}", field="service")
