"""The group of one kind that a customer belongs to at one moment, with those who are in it besides."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from features.group.sharing import Said

MOST = 50
"""Others that are looked at in one group, at most: the first by customer id."""
TYPE = "type"
"""The trait that says of which kind a group is."""


class Other(NamedTuple):
    """Another member. Parameters: `said`, what their consent says."""

    customer_id: str
    said: Said


class Circle(NamedTuple):
    """Parameters: `group`, its id; `others`, at most `MOST`, sorted by customer id; `traits`, the newest of each."""

    group: str
    others: tuple[Other, ...]
    traits: Mapping[str, Any]


Circles = Mapping[str, Circle]
"""By kind, the group that the customer was told to be of last."""
Call = tuple[int, str]
"""When a `group` call happened, in microseconds, and its id: what makes one newer than another."""


def by_kind(joined: Iterable[tuple[Call, str, Any]]) -> dict[str, str]:
    """By kind, the group that was told last. Parameters: (call, group, kind) of each that the customer is in.

    >>> by_kind([((1, "m-1"), "h-1", "household"), ((2, "m-2"), "h-2", "household"), ((3, "m-3"), "x", None)])
    {'household': 'h-2'}
    """
    return {kind: group for _, group, kind in sorted(joined, key=lambda each: each[:2]) if isinstance(kind, str)}
