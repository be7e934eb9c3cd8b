"""Features through Feast: of the past, as they were known then, and of now; both by the same `at`."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
from feast import FeatureStore

from decisioning.customer import FeatureValue
from decisioning.errors import InvalidInputError
from features.feast_repo import SERVICES, apply
from features.feature_set import FeatureSet
from features.group.circle import Circles
from features.group.company import Company, others_in
from features.group.history_part import FOLDER
from features.group.past import GroupPast
from features.group.reader import GroupReader
from features.history import History
from features.home import Home
from features.instant import to_us
from features.ledger import Ledger
from features.owners import Times
from features.primitives import Array

KEYS = ("customer_id", "event_timestamp")
ROW = "tsugi_row"
BLOCK = 8_192
"""Rows whose features are computed together: states are twice as wide, and copied on the way."""


def training_frame(
    home: Home, features: FeatureSet, entity_frame: pd.DataFrame, *, service: str = "propensity"
) -> pd.DataFrame:
    """The documented features of customers at moments, as they were known then.

    Feast joins the newest state that was known at each moment (by `features.feast_offline_store`); `at` makes it the
    features.
    History is joined as far as it was written: run `History.catch_up` first.

    Parameters: `entity_frame`, columns `customer_id` and `event_timestamp` (aware); others are kept. Returns it in the
    same order, with a column per feature: numbers as float64 (NaN where not known), categories as words or None.
    Raises: `InvalidInputError` where a column is missing or called like a feature, times are naive, a row has no
    customer or no time, or the service is unknown;
    `UnavailableError` where history was written by another definition of the features.
    """
    _check(entity_frame, features, service)
    if entity_frame.empty:
        return _with_features(entity_frame, features, features.at(features.empty(0), np.empty(0)))
    History(home.history, features).check()
    store = apply(home, features)
    keys = pd.DataFrame(
        {
            "customer_id": entity_frame["customer_id"].astype(str).to_numpy(),
            "event_timestamp": entity_frame["event_timestamp"].dt.tz_convert("UTC").dt.as_unit("us").array,
            ROW: np.arange(len(entity_frame)),
        }
    )
    circles = _circles(home, features, keys)
    keys = pd.concat([keys, _of_others(keys, circles)], ignore_index=True)
    found = store.get_historical_features(keys, store.get_feature_service(service))
    values = _values(found.to_arrow(), features, _times(entity_frame), circles)
    return _with_features(entity_frame, features, values)


def _values(joined: pa.Table, features: FeatureSet, now_us: Times, circles: Sequence[Circles]) -> Array:
    """The features (n, n_features) of rows in their order, those of customers in groups from everybody's states."""
    order = joined[ROW].to_numpy()
    if circles:
        states = np.empty((len(order), len(features.columns)))
        states[order] = _states(joined, features.columns)
        own = states[: len(now_us)]
        return features.at(own, now_us, company=Company(circles, own, states[len(own) :]))
    values = np.empty((len(order), len(features.names)))
    for start in range(0, len(order), BLOCK):
        rows = order[start : start + BLOCK]
        values[rows] = features.at(_states(joined.slice(start, BLOCK), features.columns), now_us[rows])
    return values


def _states(joined: pa.Table, columns: Sequence[str]) -> Array:
    """The columns (n, n_state) of some rows; NaN where nothing was known."""
    return np.stack([joined[name].to_numpy() for name in columns], axis=1)


def _times(entity_frame: pd.DataFrame) -> Times:
    moments = entity_frame["event_timestamp"].dt.tz_convert("UTC").dt.as_unit("us").astype("int64")
    times: Times = moments.to_numpy()
    return times


def _circles(home: Home, features: FeatureSet, keys: pd.DataFrame) -> list[Circles]:
    """Who was in the groups of each customer at each moment; an empty list where nobody was in any."""
    kinds = features.groups.kinds
    if not kinds or not (home.history / FOLDER).exists():
        return []
    past = GroupPast.read(home.history, keys["customer_id"].unique())
    asked = zip(keys["customer_id"], keys["event_timestamp"].astype("int64"), strict=True)
    found = [past.circles(customer_id, at_us, kinds) for customer_id, at_us in asked]
    return found if any(found) else []


def _of_others(keys: pd.DataFrame, circles: Sequence[Circles]) -> pd.DataFrame:
    """The same moments of everybody who was in the customers' groups, as further rows."""
    wanted = list(others_in(circles))
    moments = keys["event_timestamp"].iloc[[row for row, _ in wanted]]
    frame = pd.DataFrame({"customer_id": [other for _, other in wanted], "event_timestamp": moments.array})
    return frame.assign(**{ROW: np.arange(len(keys), len(keys) + len(wanted))})


def online_features(
    home: Home, features: FeatureSet, customer_ids: Sequence[str], *, now: datetime, service: str = "propensity"
) -> list[dict[str, FeatureValue]]:
    """The documented features of customers now, read through Feast; `features.online` reads the same without it."""
    with Ledger(home.ledger) as ledger:
        groups = GroupReader(ledger, features.groups.kinds)
        circles = [groups.circles(customer_id) for customer_id in customer_ids]
    wanted = [*customer_ids, *(other for _, other in others_in(circles))]
    states = online_states(apply(home, features), features, wanted, service=service)
    own = states[: len(customer_ids)]
    others = iter(np.split(states[len(own) :], np.cumsum([len(list(others_in([each]))) for each in circles])))
    return [
        features.values(row[None], now_us=to_us(now), company=Company([each], row[None], next(others)))
        for row, each in zip(own, circles, strict=True)
    ]


def online_states(
    store: FeatureStore, features: FeatureSet, customer_ids: Sequence[str], *, service: str = "propensity"
) -> Array:
    """The state columns as Feast's own `get_online_features` answers them, shape (n_customers, n_state)."""
    answer = store.get_online_features(
        features=store.get_feature_service(service), entity_rows=[{"customer_id": each} for each in customer_ids]
    ).to_dict()
    return np.array([answer[column] for column in features.columns], dtype=np.float64).T


def _with_features(entity_frame: pd.DataFrame, features: FeatureSet, values: Array) -> pd.DataFrame:
    told = pd.DataFrame(values, entity_frame.index, list(features.names), copy=False)
    for place, feature in enumerate(features.features):
        if feature.kind == "category":
            told[feature.name] = np.array(features.words(feature.name, values[:, place]), dtype=object)
    for place, name in enumerate(entity_frame.columns):
        told.insert(place, name, entity_frame[name], allow_duplicates=True)
    return told


def _check(entity_frame: pd.DataFrame, features: FeatureSet, service: str) -> None:
    for column in KEYS:
        if column not in entity_frame.columns:
            raise InvalidInputError(f"the entity frame needs {', '.join(KEYS)}; it has {list(entity_frame.columns)}")
    if getattr(entity_frame["event_timestamp"].dtype, "tz", None) is None:
        given = entity_frame["event_timestamp"].dtype
        raise InvalidInputError(f"event_timestamp must be aware datetimes, given {given}", field="event_timestamp")
    for column in KEYS:
        _refuse_empty(entity_frame[column])
    twice = [str(column) for column in entity_frame.columns if column in features.names]
    if twice:
        raise InvalidInputError(f"{twice[0]!r} is a feature: call the entity frame's column otherwise", field=twice[0])
    if service not in SERVICES:
        raise InvalidInputError(f"unknown feature service {service!r}; allowed: {', '.join(SERVICES)}", field="service")


def _refuse_empty(cells: pd.Series) -> None:
    empty = cells.isna().to_numpy()
    if empty.any():
        rows = f"{int(empty.sum()):,} of {len(empty):,} rows, the first is row {int(empty.argmax()) + 1}"
        raise InvalidInputError(f"{cells.name} is missing in {rows}", field=str(cells.name))
