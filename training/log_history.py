"""Features of decisions that were imported: joined from Feast's history, as they were known at the decision."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.feature_set import FeatureSet
from features.historical import training_frame
from features.home import Home
from training.dataset import DecisionLogFrame


def with_history(frame: DecisionLogFrame, home: Home, features: FeatureSet) -> DecisionLogFrame:
    """The frame with features from history where none was logged with the decision.

    Logged features are what was known then, and are left as they are. History is asked a microsecond before each
    decision: an implied impression stands in it at the very instant of its decision, and would tell what was chosen.
    History must reach the decisions (`History.catch_up`).
    """
    missing = np.flatnonzero(~any_known(frame.features, n=len(frame)))
    if not len(missing):
        return frame
    times = pd.to_datetime(frame.decided_us[missing] - 1, unit="us", utc=True)
    entities = pd.DataFrame({"customer_id": frame.customer_id[missing], "event_timestamp": times})
    found = training_frame(home, features, entities)
    columns = {}
    for name in features.names:
        kept, joined = frame.features[name], found[name].to_numpy()
        if len(missing) < len(frame):
            whole = kept.astype(object) if joined.dtype == object else kept.astype(np.float64)
            whole[missing] = joined
            joined = whole
        columns[name] = joined
    return replace(frame, features=columns)


def any_known(columns: Mapping[str, NDArray[Any]], *, n: int) -> NDArray[np.bool_]:
    """Whether anything is known (n,) in columns (n,) by name."""
    known = np.zeros(n, dtype=bool)
    for column in columns.values():
        known |= pd.notna(column)
    return known
