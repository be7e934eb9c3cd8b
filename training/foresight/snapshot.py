"""Customers at moments, a month apart, and what came of them within the horizon.

Snapshots whose horizon reaches into a later part of the split are left out of the earlier one, so that no label knows
what a later part is judged by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from decisioning.errors import InvalidInputError
from features.instant import to_us
from training.encoding import Floats
from training.foresight.known import NEVER, Known, Told
from training.foresight.subject import Subject
from training.labels import DAY_US

MONTH_US = 30 * DAY_US
MOST_SNAPSHOTS = 40_000


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Customers at moments: arrays (n,) `customer_id`, `at_us`, `label` (0 or 1, or an amount), in order of time."""

    customer_id: NDArray[np.object_]
    at_us: NDArray[np.int64]
    label: Floats

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Snapshots":
        """Some of the snapshots."""
        return Snapshots(self.customer_id[rows], self.at_us[rows], self.label[rows])


def read_snapshots(
    known: Known, subject: Subject, *, as_of: datetime, seed: int, most: int = MOST_SNAPSHOTS
) -> Snapshots:
    """Every 30 days back from the last moment whose horizon is over: whoever was known by then and not gone.

    Of more than `most` those of the lowest lots are kept, and a customer has the same lot at a moment whatever is
    foreseen: their pasts are read once.
    """
    told = known.told(subject.event, answer=subject.number, currency=subject.currency)
    gone = known.told(subject.gone)
    last = to_us(as_of) - subject.horizon_us
    moments = range(last, int(known.since_us.min(initial=last)), -MONTH_US)
    snapshots = joined([_at(at, known, subject, told=told, gone=gone) for at in reversed(moments)])
    if len(snapshots) <= most:
        return snapshots
    return snapshots.take(np.sort(np.argsort(_lots(snapshots, known, seed), kind="stable")[:most]))


def _lots(snapshots: Snapshots, known: Known, seed: int) -> Floats:
    """A number in [0, 1) for each snapshot (n,)."""
    drawn = {at: np.random.default_rng([seed, at]).random(len(known)) for at in np.unique(snapshots.at_us).tolist()}
    places = pd.Index(known.customer_id).get_indexer(pd.Index(snapshots.customer_id))
    moments = snapshots.at_us.tolist()
    return np.array([drawn[at][place] for at, place in zip(moments, places.tolist(), strict=True)])


def _at(at_us: int, known: Known, subject: Subject, *, told: Told, gone: Told) -> Snapshots:
    left_us, _ = gone.next_after(-NEVER, n_customers=len(known))
    asked = (known.since_us <= at_us) & (at_us < left_us)
    answers, label = _came(told, subject, at_us, n_customers=len(known))
    asked &= answers
    ids = known.customer_id[asked]
    return Snapshots(ids, np.full(len(ids), at_us, dtype=np.int64), label[asked].astype(np.float64))


def _came(told: Told, subject: Subject, at_us: int, *, n_customers: int) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    """Of whom it is asked, and what came of them within the horizon, (n_customers,) each."""
    until_us = at_us + subject.horizon_us
    everybody = np.ones(n_customers, dtype=np.bool_)
    if subject.amount:
        return everybody, np.maximum(told.added_up(at_us, until_us, n_customers=n_customers), 0.0)
    comes_us, answer = told.next_after(at_us, n_customers=n_customers)
    came = comes_us <= until_us
    return (came, answer <= subject.at_most) if subject.answer else (everybody, came)


def joined(parts: Sequence[Snapshots]) -> Snapshots:
    """Snapshots one after the other."""
    if not parts:
        return Snapshots(np.array([], dtype=object), np.array([], dtype=np.int64), np.array([]))
    return Snapshots(
        customer_id=np.concatenate([part.customer_id for part in parts]),
        at_us=np.concatenate([part.at_us for part in parts]),
        label=np.concatenate([part.label for part in parts]),
    )


def split_snapshots(snapshots: Snapshots, subject: Subject) -> tuple[Snapshots, Snapshots, Snapshots]:
    """Training, validation and evaluation, a horizon apart.

    Raises `InvalidInputError` where the history is too short for three parts.
    """
    horizon = subject.horizon_us
    moments = np.unique(snapshots.at_us)
    judged = int(moments[-1]) if moments.size else 0
    earlier = moments[moments <= judged - horizon]
    chosen = int(earlier[-1]) if earlier.size else 0
    if not (moments <= chosen - horizon).any():
        raise InvalidInputError(
            f"{subject.name} needs snapshots over more than twice its horizon of {subject.horizon_days:g} days; "
            f"there are {moments.size} months",
            code="too_little_data",
        )
    at = snapshots.at_us
    return tuple(snapshots.take(rows) for rows in (at <= chosen - horizon, at == chosen, at == judged))  # type: ignore[return-value] # three by construction
