"""Compares the features that decided with what training computes of the same moments."""

from datetime import timedelta

import numpy as np
import pandas as pd

from features.feature_set import FeatureSet
from features.historical import training_frame
from pipelines.composition import Composition
from pipelines.materialize import materialize
from training.log_history import any_known
from training.monitoring.served import Served
from training.monitoring.skew import Skew, skew_of

JUST_BEFORE = timedelta(microseconds=1)
"""A decision that implies an impression stands in the history at its very instant."""


def serving_skew(composition: Composition, served: Served, *, sample: int) -> Skew | None:
    """The skew of so many decisions, evenly over those given; None where there is none to compare.

    Degraded decisions are left out: they say themselves that their features were not the usual ones.
    """
    whole = np.flatnonzero((served.degraded == "") & any_known(served.features, n=len(served)))
    if not len(whole) or not sample:
        return None
    some = served.take(whole[np.linspace(0, len(whole) - 1, min(sample, len(whole))).astype(np.int64)])
    materialize(composition)
    moments = pd.to_datetime(some.decided_us, unit="us", utc=True) - JUST_BEFORE
    entities = pd.DataFrame({"customer_id": some.customer_id, "event_timestamp": moments})
    found = training_frame(composition.home, composition.features, entities)
    offline = {name: found[name].to_numpy() for name in composition.features.names}
    return skew_of(some.features, offline, withheld=_withheld(some, composition.features))


def _withheld(served: Served, features: FeatureSet) -> "dict[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]":
    """Where everything of a purpose is missing, it was not allowed to be looked at."""
    withheld = {name: np.zeros(len(served), dtype=bool) for name in features.names}
    for names in features.purposes.values():
        missing = np.ones(len(served), dtype=bool)
        for name in names:
            missing &= np.array([value is None for value in served.features[name]], dtype=bool)
        for name in names:
            withheld[name] |= missing
    return withheld
