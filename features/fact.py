"""A fact: the little of a record that features look at."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Fact(NamedTuple):
    """One thing that happened to a customer, or one outcome of ours, as features see it.

    Parameters: `type`, a Segment type or `outcome`; `name`, the event's or the outcome's; `properties` (for `identify`:
    the traits); `occurred_us`, when it happened; `known_us`, when it became known, max(occurred, received), or for a
    declared backfill when it happened. Times are microseconds since the epoch, UTC. `timezone`, the name that the
    event's own context gives the customer's time zone ("": not told).

    >>> Fact("track", "Product Viewed", {"product": "loan"}, occurred_us=5, known_us=7).name
    'Product Viewed'
    """

    type: str
    name: str
    properties: Mapping[str, Any]
    occurred_us: int
    known_us: int
    timezone: str = ""
