"""The decision log as arrays: what was known, what could be chosen and how likely, what was shown, what it earned.

Built from the ledger alone. A decision of which a window is not over yet, the goal's or any action's, is censored: it
is left out and counted. The features are those that were logged with the decision: what was known then.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats
from training.taken import taken

Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DecisionLogFrame:
    """n matured decisions in order of time, over named actions (`no_action` included).

    Parameters: arrays (n,): `decision_id`, `customer_id`, `decided_us`, `ends_us` (when attribution ended), `channel`,
    `placement`, `arm`, `treatment` (of what was chosen, "" for none), `chosen` (column), `shown`, `reward` and
    `capped_reward` (money), `accepted` (the chosen action). Arrays (n, n_actions): `eligible_probability` π₀(a|x), 0
    where not eligible; `listed`, whether the answer had the action at any rank; `converted`, whether the action's own
    conversion happened in its window, shown or not. `features`, logged columns by name (n,). `n_censored`, decisions
    left out; `n_late`, outcomes that came after their action's own window and count for nothing; `n_left_out`,
    decisions that are over and were not drawn into the sample that this is.
    """

    actions: tuple[str, ...]
    decision_id: NDArray[Any]
    customer_id: NDArray[Any]
    decided_us: NDArray[np.int64]
    ends_us: NDArray[np.int64]
    channel: NDArray[Any]
    placement: NDArray[Any]
    arm: NDArray[Any]
    treatment: NDArray[Any]
    chosen: NDArray[np.int64]
    shown: Booleans
    reward: Floats
    capped_reward: Floats
    accepted: Booleans
    eligible_probability: Floats
    listed: Booleans
    converted: Booleans
    features: Mapping[str, NDArray[Any]]
    n_censored: int = 0
    n_late: int = 0
    n_left_out: int = 0

    def __len__(self) -> int:
        return len(self.chosen)

    @classmethod
    def column_names(cls) -> tuple[str, ...]:
        """The fields with an entry for each decision."""
        return tuple(f.name for f in fields(cls) if f.name not in _OF_ALL)

    def take(self, rows: NDArray[Any] | slice) -> "DecisionLogFrame":
        """The log of some rows: a mask (n,), indices or a slice; features are copied only when they are looked at."""
        parts = {name: getattr(self, name)[rows] for name in self.column_names()}
        return replace(self, features=taken(self.features, rows), **parts)

    @property
    def fingerprint(self) -> str:
        """The sha256 of everything in it, in hexadecimal: equal logs, equal fingerprints."""
        digest = hashlib.sha256("\n".join(self.actions).encode())
        for part in fields(self):
            if part.name not in {"actions", "features"}:
                digest.update(_bytes(np.asarray(getattr(self, part.name))))
        for name in sorted(self.features):
            digest.update(name.encode() + _bytes(self.features[name]))
        return digest.hexdigest()


_OF_ALL = {"actions", "features", "n_censored", "n_late", "n_left_out"}
"""The fields that are not of one decision each."""


def spread(frame: DecisionLogFrame, most: int) -> DecisionLogFrame:
    """At most so many decisions, evenly spread over the log's time."""
    return frame if len(frame) <= most else frame.take(even_rows(len(frame), most))


def even_rows(n: int, most: int) -> NDArray[np.int64]:
    """At most so many positions among n, evenly spread.

    >>> even_rows(10, 4).tolist(), even_rows(3, 4).tolist()
    ([0, 3, 6, 9], [0, 1, 2])
    """
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).astype(np.int64)


def _bytes(values: NDArray[Any]) -> bytes:
    if values.dtype.kind in "OUS":
        return "\x1f".join(map(str, values.tolist())).encode()
    return np.ascontiguousarray(values).tobytes()


@dataclass(frozen=True, slots=True)
class TimeSplit:
    """A log cut in time: learn from the first, choose on the second, judge on the last.

    Parameters: `earlier`, what was known before the evaluation: training and validation.
    """

    train: DecisionLogFrame
    validation: DecisionLogFrame
    evaluation: DecisionLogFrame
    earlier: DecisionLogFrame


def split_by_time(frame: DecisionLogFrame, *, validation_share: float, evaluation_share: float) -> TimeSplit:
    """Cut by shares of the decisions; decisions of one instant stay together.

    Parameters: shares of the whole, the evaluation's being the last.
    """
    cuts = [1.0 - validation_share - evaluation_share, 1.0 - evaluation_share]
    moments = [int(np.quantile(frame.decided_us, cut)) for cut in cuts] if len(frame) else [0, 0]
    return split_at(frame, moments)


def split_at(frame: DecisionLogFrame, moments: Sequence[int]) -> TimeSplit:
    """Cut at two moments (microseconds): training before the first, evaluation from the second on."""
    first, second = np.searchsorted(frame.decided_us, moments, side="left").tolist()
    return TimeSplit(
        train=frame.take(slice(0, first)),
        validation=frame.take(slice(first, second)),
        evaluation=frame.take(slice(second, None)),
        earlier=frame.take(slice(0, second)),
    )
