"""One customer's state straight from facts: slower than the online store, and right without it."""

from collections.abc import Sequence

import numpy as np

from features.fact import Fact
from features.feature_set import FeatureSet
from features.primitives import Array


def replay(facts: Sequence[Fact], features: FeatureSet) -> Array:
    """The state after the facts, in whatever order they are given; shape (1, n_state).

    >>> features = FeatureSet.load(None)
    >>> bought = Fact("track", "Order Completed", {}, occurred_us=0, known_us=0)
    >>> features.values(replay([bought, bought], features), now_us=0)["orders"]
    2.0
    """
    hits = features.reader.read(facts)
    occurred_us = np.array([fact.occurred_us for fact in facts], dtype=np.float64)
    group = np.zeros(len(facts), dtype=np.intp)
    columns: dict[str, float | None] = {}
    for view in features.views:
        before = np.full((1, len(view.columns)), np.nan)
        _, after = view.fold(hits, occurred_us, group=group, before=before)
        for row in after.tolist():
            columns.update(zip(view.columns, row, strict=True))
    return features.state(columns)
