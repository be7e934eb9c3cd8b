"""What was served in a window: features, scores and degradations of its decisions, as they were recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from features.fast_layer.shown import bundle_scores
from features.instant import to_us
from features.ledger import Ledger
from features.record import DECISION, Record
from training.encoding import Floats
from training.monitoring.reference import MOST_ROWS
from training.reading.decision_pages import pages_of

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
    """The decisions from one moment to another, evenly thinned to `MOST_ROWS`; no others are read.

    Parameters: `names`, of the features to keep.
    """
    with ledger.read() as connection:
        seqs = [seq for (seq,) in connection.execute(_WITHIN, (DECISION, to_us(since), to_us(until)))]
    chosen = seqs[:: max(-(-len(seqs) // MOST_ROWS), 1)]
    return _served([_told(record, names) for page in pages_of(ledger, chosen) for record in page], names)


class _Told(NamedTuple):
    """What is kept of one decision, of a record that is twenty times as large.

    Parameters: `features`, in the order of their names; `scored`, the actions that had a score; `propensity` by action,
    as the bundle scored them.
    """

    decision_id: str
    customer_id: str
    decided_us: int
    bundle: str
    degraded: str
    features: tuple[Any, ...]
    scored: frozenset[str]
    propensity: Mapping[str, float]


def _told(record: Record, names: Sequence[str]) -> _Told:
    decision = orjson.loads(record.body)["decision"]
    features = decision["features"]
    return _Told(
        decision_id=decision["decision_id"],
        customer_id=decision["customer_id"],
        decided_us=to_us(datetime.fromisoformat(decision["decided_at"])),
        bundle=decision["versions"]["bundle"],
        degraded=", ".join(decision["degraded"]),
        features=tuple([features.get(name) for name in names]),
        scored=frozenset(decision["scores"]),
        propensity={action: score[0] for action, score in bundle_scores(decision).items() if score},
    )


def _served(told: Sequence[_Told], names: Sequence[str]) -> Served:
    actions = tuple(sorted(frozenset().union(*[each.scored for each in told])))
    scores = [[each.propensity.get(action, np.nan) for action in actions] for each in told]
    columns = zip(*[each.features for each in told], strict=True) if told else ((),) * len(names)
    return Served(
        decision_id=_words([each.decision_id for each in told]),
        customer_id=_words([each.customer_id for each in told]),
        decided_us=np.array([each.decided_us for each in told], dtype=np.int64),
        bundle=_words([each.bundle for each in told]),
        degraded=_words([each.degraded for each in told]),
        features={name: _words(column) for name, column in zip(names, columns, strict=True)},
        actions=actions,
        propensity=np.array(scores, dtype=np.float64).reshape(len(told), len(actions)),
    )


def _words(values: Sequence[Any]) -> Words:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


_WITHIN = "SELECT seq FROM record WHERE kind = ? AND occurred_us BETWEEN ? AND ? ORDER BY seq"
