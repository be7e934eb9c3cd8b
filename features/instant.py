"""Moments as stores keep them: whole microseconds since 1970, UTC. Borders speak aware datetimes."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MAX_AHEAD = timedelta(seconds=300)
"""How far a sender's clock may run ahead of ours before its timestamps are refused."""


def to_us(moment: datetime) -> int:
    """Microseconds since the epoch of an aware moment.

    >>> to_us(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (moment - EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """The aware moment, in UTC.

    >>> from_us(1_000_000).isoformat()
    '1970-01-01T00:00:01+00:00'
    """
    return EPOCH + timedelta(microseconds=microseconds)
