"""One customer's state straight from facts: slower than the online store, and right without it."""

from collections.abc import Sequence

import numpy as np

from features.fact import Fact
from features.feature_set import FeatureSet
from features.online_store import PackedRow
from features.packing import pack
from features.primitives import Array


def replayed_rows(customer_id: str, facts: Sequence[Fact], features: FeatureSet) -> list[PackedRow]:
    """What the online store would keep of one customer after the facts, in whatever order they are given."""
    hits = features.reader.read(facts)
    occurred_us = np.array([fact.occurred_us for fact in facts], dtype=np.float64)
    known_us = np.array([fact.known_us for fact in facts], dtype=np.int64)
    group = np.zeros(len(facts), dtype=np.intp)
    rows: list[PackedRow] = []
    for view in features.views:
        touched, states = view.trace(hits, occurred_us, group=group, before=np.full((1, len(view.columns)), np.nan))
        if len(touched):
            event_us = int(known_us[touched].max())
            rows.append(PackedRow(customer_id, view.name, event_us, event_us, pack(states[-1:])[0]))
    return rows


def replay(facts: Sequence[Fact], features: FeatureSet) -> Array:
    """The state after the facts, in whatever order they are given; shape (1, n_state).

    >>> features = FeatureSet.load(None)
    >>> bought = Fact("track", "Order Completed", {}, occurred_us=0, known_us=0)
    >>> features.values(replay([bought, bought], features), now_us=0)["orders"]
    2.0
    """
    return features.joined({row.view: row.state for row in replayed_rows("", facts, features)})
