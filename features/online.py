"""The features of one customer now, read from the embedded online store; imports no feast."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from decisioning.customer import FeatureValue
from features.feature_set import FeatureSet
from features.group.circle import Circles
from features.group.company import Company, others_in
from features.group.joined import Joined
from features.group.reader import GroupReader
from features.instant import to_us
from features.online_store import PackedRow, PackedRows
from features.primitives import Array
from features.row_store import RowReader

MICROSECOND = timedelta(microseconds=1)
FOR_EVER = 2**63
"""Microseconds, more than any moment has."""


AT_ONCE = 500
"""Customers whose rows are read together where many are asked for."""


class Known(NamedTuple):
    """What the online store says of one customer: the documented features, and the views too old to be believed."""

    features: dict[str, FeatureValue]
    stale: tuple[str, ...]


class OnlineFeatures:
    """Reads state and applies `at`: the same function as on history.

    Parameters: `rows`, the online store, or the home's `online.db`; `features`, the workspace's; `groups`, who is in
    whose (None: nobody is in any group).
    """

    def __init__(self, rows: RowReader | Path, features: FeatureSet, groups: GroupReader | None = None) -> None:
        self.features = features
        self.groups = groups
        self._joined = Joined.of(features)
        self._rows: RowReader = PackedRows(rows) if isinstance(rows, Path) else rows
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
        if self._joined is None or self._joined.any(rows):
            circles = self.circles(customer_id)
            if circles:
                return self._in_company(customer_id, circles, to_us(now))
        return self.of_rows(rows, now_us=to_us(now)) if rows else None

    def many(self, customer_ids: Sequence[str], now: datetime, *, in_groups: Collection[str] = ()) -> Array:
        """The documented features of many customers as of now, shape (n, n_features); categories as codes.

        Parameters: `in_groups`, those of them who may be in a group. A customer of whom nothing is stored has what is
        true of everybody. Raises: `UnavailableError` where the store cannot be read.
        """
        now_us = to_us(now)
        values = np.empty((len(customer_ids), len(self.features.names)))
        for start in range(0, len(customer_ids), AT_ONCE):
            some = customer_ids[start : start + AT_ONCE]
            values[start : start + AT_ONCE] = self._some(some, now_us, in_groups)
        return values

    def _some(self, customer_ids: Sequence[str], now_us: int, in_groups: Collection[str]) -> Array:
        """As `many`, of so few that their states stay in the processor's own memory."""
        states = self.features.placed(self._told(customer_ids, now_us), len(customer_ids))
        values = self.features.at(states, np.full(len(states), now_us))
        for place, each in enumerate(customer_ids):
            if each in in_groups and (circles := self.circles(each)):
                company = self._company(each, circles, now_us)
                values[place] = self.features.at(states[place : place + 1], np.array([now_us]), company=company)[0]
        return values

    def circles(self, customer_id: str) -> Circles:
        """Who is in the customer's groups. Raises: `UnavailableError` where the ledger cannot be read."""
        return self.groups.circles(customer_id) if self.groups else {}

    def of_rows(self, rows: list[PackedRow], *, now_us: int) -> Known:
        """What one customer's rows say at a moment; a row past its time to live says nothing."""
        believed = self._believed(rows, now_us)
        return Known(self.features.values(self.features.joined(believed), now_us=now_us), _stale(rows, believed))

    def of_company(
        self, rows: Mapping[str, list[PackedRow]], customer_id: str, circles: Circles, *, now_us: int
    ) -> Known:
        """As `of_rows`, of a customer in groups. Parameters: `rows`, of the customer and of all others in them."""
        wanted = [customer_id, *(other for _, other in others_in([circles]))]
        believed = [self._believed(rows.get(each, []), now_us) for each in wanted]
        states = self.features.joined_all(believed)
        company = Company([circles], states[:1], states[1:])
        features = self.features.values(states[:1], now_us=now_us, company=company)
        return Known(features, _stale(rows.get(customer_id, []), believed[0]))

    def _in_company(self, customer_id: str, circles: Circles, now_us: int) -> Known:
        """All rows are read by one question, so that what is read belongs together."""
        wanted = sorted({customer_id, *(other for _, other in others_in([circles]))})
        return self.of_company(self._by_customer(wanted), customer_id, circles, now_us=now_us)

    def _company(self, customer_id: str, circles: Circles, now_us: int) -> Company:
        wanted = [customer_id, *(other for _, other in others_in([circles]))]
        rows = self._by_customer(sorted(set(wanted)))
        states = self.features.joined_all([self._believed(rows.get(each, []), now_us) for each in wanted])
        return Company([circles], states[:1], states[1:])

    def _by_customer(self, customer_ids: Sequence[str]) -> dict[str, list[PackedRow]]:
        rows: dict[str, list[PackedRow]] = {}
        for row in self._rows.read_many(customer_ids):
            rows.setdefault(row.customer_id, []).append(row)
        return rows

    def _told(self, customer_ids: Sequence[str], now_us: int) -> Iterator[tuple[int, str, bytes]]:
        """The believed states of many customers, by their place."""
        places, ttl_us = {each: place for place, each in enumerate(customer_ids)}, self._ttl_us
        for customer_id, view, event_us, _, state in self._rows.read_many(customer_ids):
            if event_us + ttl_us.get(view, 0) >= now_us:
                yield places[customer_id], view, state

    def _believed(self, rows: list[PackedRow], now_us: int) -> dict[str, bytes]:
        """The state of each view of one customer, but of those that are too old."""
        ttl_us = self._ttl_us
        return {row.view: row.state for row in rows if row.event_us + ttl_us.get(row.view, 0) >= now_us}


def _stale(rows: list[PackedRow], believed: Mapping[str, bytes]) -> tuple[str, ...]:
    """The views that are too old."""
    return tuple([row.view for row in rows if row.view not in believed]) if len(believed) < len(rows) else ()
