"""What was served in a window: features, scores and degradations of its decisions, as they were recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from features.fast_layer.shown import bundle_scores
from features.instant import to_us
from features.ledger import Ledger
from features.record import DECISION
from training.encoding import Floats
from training.monitoring.reference import MOST_ROWS

Words = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Served:
    """n decisions of a window, in the order of the ledger.

    Parameters: arrays (n,): `decision_id`, `customer_id` (as decided for), `decided_us`, `bundle`; `degraded` (names,
    empty where not); `features`, columns by name (n,); `actions`, and their `propensity` (n, n_actions) as the bundle
    scored them, NaN where not scored.
    """

    decision_id: Words
    customer_id: Words
    decided_us: NDArray[np.int64]
    bundle: Words
    degraded: Words
    features: dict[str, Words]
    actions: tuple[str, ...]
    propensity: Floats

    def __len__(self) -> int:
        return len(self.decided_us)

    def take(self, rows: NDArray[Any]) -> "Served":
        """Some of the decisions: a mask (n,) or indices."""
        arrays = ("decision_id", "customer_id", "decided_us", "bundle", "degraded", "propensity")
        parts = {name: getattr(self, name)[rows] for name in arrays}
        return replace(self, features={name: column[rows] for name, column in self.features.items()}, **parts)


def read_served(ledger: Ledger, names: Sequence[str], *, since: datetime, until: datetime) -> Served:
    """The decisions from one moment to another, evenly thinned to `MOST_ROWS`.

    Parameters: `names`, of the features to keep.
    """
    first, last = to_us(since), to_us(until)
    with ledger.read() as connection:
        n, seq = connection.execute(_WITHIN, (DECISION, first, last)).fetchone()
    every = max(-(-n // MOST_ROWS), 1)
    inside = (r for r in ledger.records((seq or 1) - 1, kinds=[DECISION]) if first <= r.occurred_us <= last)
    return _served([orjson.loads(record.body)["decision"] for record in islice(inside, 0, None, every)], names)


def _served(decisions: Sequence[dict[str, Any]], names: Sequence[str]) -> Served:
    actions = tuple(sorted({action for each in decisions for action in each["scores"]}))
    scores = [[(said.get(action) or (np.nan,))[0] for action in actions] for said in map(bundle_scores, decisions)]
    moments = [to_us(datetime.fromisoformat(each["decided_at"])) for each in decisions]
    return Served(
        decision_id=_words([each["decision_id"] for each in decisions]),
        customer_id=_words([each["customer_id"] for each in decisions]),
        decided_us=np.array(moments, dtype=np.int64),
        bundle=_words([each["versions"]["bundle"] for each in decisions]),
        degraded=_words([", ".join(each["degraded"]) for each in decisions]),
        features={name: _words([each["features"].get(name) for each in decisions]) for name in names},
        actions=actions,
        propensity=np.array(scores, dtype=np.float64).reshape(len(decisions), len(actions)),
    )


def _words(values: Sequence[Any]) -> Words:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


_WITHIN = "SELECT count(*), min(seq) FROM record WHERE kind = ? AND occurred_us BETWEEN ? AND ?"
