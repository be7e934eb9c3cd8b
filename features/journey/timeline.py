"""The states of many customers over time, side by side: one point for each moment at which any view changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.fact_reader import Index
from features.feature import Feature
from features.primitives import Array
from features.runs import ends
from features.state import Layout

Moments = NDArray[np.int64]
FOR_EVER_US = 2**62


class ViewRows(NamedTuple):
    """The history of one view, by customer and then time, no two rows of a customer at one time.

    Parameters: `customer`, shape (n,), numbers from 0; `at_us`, shape (n,); `state`, shape (n, n_columns), named by
    `columns`; `ttl_us`, how long a row is believed.
    """

    customer: Index
    at_us: Moments
    state: Array
    columns: tuple[str, ...]
    ttl_us: int = FOR_EVER_US


@dataclass(frozen=True)
class Timeline:
    """Points by customer and then time.

    Parameters: `customer` and `at_us`, shape (n,); `rows`, the views; `place`, shape (n, n_views), the row of each view
    that holds at each point, -1 where none does; `layout`, the features that are looked at.
    """

    customer: Index
    at_us: Moments
    rows: tuple[ViewRows, ...]
    place: Index
    layout: Layout

    def __len__(self) -> int:
        return len(self.customer)

    def until(self, end_us: int) -> Moments:
        """When each point is followed by the next of its customer, `end_us` at the latest."""
        following = np.full(len(self), end_us, dtype=np.int64)
        following[:-1] = np.where(self.customer[1:] == self.customer[:-1], self.at_us[1:], end_us)
        return following

    def lasts(self) -> Index:
        """The last point of each customer."""
        return ends(self.customer)

    def state(self, points: Index, now_us: Moments) -> Array:
        """The states at points, seen at a moment each: a row past its time to live says nothing; (n, n_state)."""
        state = np.full((len(points), len(self.layout.columns)), np.nan)
        position = {name: place for place, name in enumerate(self.layout.columns)}
        for view, rows in enumerate(self.rows):
            place = self.place[points, view]
            held = np.flatnonzero(place >= 0)
            held = held[rows.at_us[place[held]] + rows.ttl_us >= now_us[held]] if rows.ttl_us < FOR_EVER_US else held
            columns = np.array([position[name] for name in rows.columns], dtype=np.intp)
            state[held[:, None], columns] = rows.state[place[held]]
        return state

    def expiries(self, view: int) -> Moments:
        """When what a view says at each point is believed no more; 0 where that never ends, or nothing is said."""
        rows, place = self.rows[view], self.place[:, view]
        if rows.ttl_us >= FOR_EVER_US or not len(rows.customer):
            return np.zeros(len(self), dtype=np.int64)
        return np.where(place >= 0, rows.at_us[place] + rows.ttl_us, 0)


def timeline(rows: Sequence[ViewRows], features: Sequence[Feature]) -> Timeline:
    """Put views side by side: at each point, of each view the newest row that was known."""
    customer = np.concatenate([each.customer for each in rows])
    at_us = np.concatenate([each.at_us for each in rows])
    view = np.repeat(np.arange(len(rows)), [len(each.customer) for each in rows])
    row = np.concatenate([np.arange(len(each.customer)) for each in rows])
    order = np.lexsort((at_us, customer))
    customer, at_us, view, row = customer[order], at_us[order], view[order], row[order]
    final = np.union1d(ends(customer), ends(at_us))
    newest = [_newest(rows[v], np.where(view == v, row, -1), customer)[final] for v in range(len(rows))]
    return Timeline(customer[final], at_us[final], tuple(rows), np.stack(newest, axis=1), Layout(features))


def _newest(rows: ViewRows, row: Index, customer: Index) -> Index:
    """The newest row of one view at each of all rows in order, -1 where the customer has none yet."""
    newest = np.maximum.accumulate(row) if len(row) else row
    if not len(rows.customer):
        return np.full(len(row), -1, dtype=np.intp)
    return np.where((newest >= 0) & (rows.customer[newest] == customer), newest, -1)
