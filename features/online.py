"""The features of one customer now, read from the embedded online store; imports no feast."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from decisioning.customer import FeatureValue
from features.feature_set import FeatureSet
from features.instant import to_us
from features.online_store import PackedRow, PackedRows
from features.row_store import RowStore

MICROSECOND = timedelta(microseconds=1)
FOR_EVER = 2**63
"""Microseconds, more than any moment has."""


class Known(NamedTuple):
    """What the online store says of one customer: the documented features, and the views too old to be believed."""

    features: dict[str, FeatureValue]
    stale: tuple[str, ...]


class OnlineFeatures:
    """Reads state and applies `at`: the same function as on history.

    Parameters: `rows`, the online store, or the home's `online.db`; `features`, the workspace's.
    """

    def __init__(self, rows: RowStore | Path, features: FeatureSet) -> None:
        self.features = features
        self._rows: RowStore = PackedRows(rows) if isinstance(rows, Path) else rows
        self._ttl_us = {v.name: v.ttl // MICROSECOND if v.ttl else FOR_EVER for v in features.views}

    def read(self, customer_id: str, now: datetime) -> dict[str, FeatureValue] | None:
        """The documented features as of now; None for a customer of whom nothing is stored.

        Raises: `UnavailableError` where the store cannot be read.
        """
        known = self.known(customer_id, now)
        return known.features if known else None

    def known(self, customer_id: str, now: datetime) -> Known | None:
        """As `read`, with what was too old."""
        rows = self._rows.read(customer_id)
        return self.of_rows(rows, now_us=to_us(now)) if rows else None

    def of_rows(self, rows: list[PackedRow], *, now_us: int) -> Known:
        """What one customer's rows say at a moment; a row past its time to live says nothing."""
        ttl_us = self._ttl_us
        believed = {row.view: row.state for row in rows if row.event_us + ttl_us.get(row.view, 0) >= now_us}
        stale = tuple([row.view for row in rows if row.view not in believed]) if len(believed) < len(rows) else ()
        return Known(self.features.values(self.features.joined(believed), now_us=now_us), stale)
