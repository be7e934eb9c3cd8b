"""The customer's own time: their zone, and where their day, week and month begin."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from decisioning.customer import FeatureValue

Period = Literal["day", "week", "month"]
LONGEST: Mapping[Period, timedelta] = {
    "day": timedelta(days=1, hours=2),
    "week": timedelta(days=7, hours=2),
    "month": timedelta(days=31, hours=2),
}
"""How long a period lasts at most, an hour put back included."""


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone of a name of the IANA database; None where there is no such zone.

    >>> zone_named("Asia/Tokyo").key, zone_named("Mars/Base")
    ('Asia/Tokyo', None)
    """
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # no such zone, a folder of the database, no name at all
        return None


def local_time(now: datetime, features: Mapping[str, FeatureValue], *, feature: str, zone: str) -> datetime:
    """The moment on the customer's clock.

    Parameters: `feature`, that names their zone ("": none does); `zone`, where it names none that exists.

    >>> local_time(datetime(2026, 6, 1, 12, tzinfo=UTC), {"zone": "Asia/Tokyo"}, feature="zone", zone="UTC").hour
    21
    """
    said = features.get(feature)
    theirs = zone_named(said) if isinstance(said, str) else None
    return now.astimezone(theirs or zone_named(zone) or UTC)


def beginning(period: Period, local: datetime) -> datetime:
    """When the day, the week (from Monday) or the month of a local moment began.

    >>> beginning("week", datetime(2026, 6, 3, 12, tzinfo=UTC)).isoformat()
    '2026-06-01T00:00:00+00:00'
    """
    days = {"day": 0, "week": local.weekday(), "month": local.day - 1}[period]
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight - timedelta(days=days)
