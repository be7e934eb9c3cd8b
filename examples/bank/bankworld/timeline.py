"""The bank's year: days counted from its first morning, microseconds at the edge."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

HISTORY_DAYS = 270.0
DAYS = 365.0
_DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Timeline:
    """When the year starts; history is its first 270 days, the live time the other 95."""

    starts_at: datetime

    @property
    def start_us(self) -> int:
        """The start in microseconds since the epoch."""
        return (self.starts_at - _EPOCH) // timedelta(microseconds=1)

    @property
    def opens_at(self) -> datetime:
        """When live decisions may begin."""
        return self.starts_at + timedelta(days=HISTORY_DAYS)

    @property
    def closes_at(self) -> datetime:
        """When the year ends."""
        return self.starts_at + timedelta(days=DAYS)

    def us(self, day: NDArray[np.float64]) -> NDArray[np.int64]:
        """Days of the year as microseconds since the epoch, on whole milliseconds (what a timestamp can say)."""
        milliseconds: NDArray[np.int64] = np.round(day * (_DAY_US / 1000)).astype(np.int64)
        return self.start_us + milliseconds * 1000

    def day(self, at: datetime) -> float:
        """The day of the year, with its fraction."""
        return (at - self.starts_at) / timedelta(days=1)

    def at(self, day: float) -> datetime:
        """The instant of a day of the year, on whole milliseconds."""
        return self.starts_at + timedelta(milliseconds=round(day * 86_400_000))


def instant(us: int) -> datetime:
    """Microseconds since the epoch as an aware UTC time."""
    return _EPOCH + timedelta(microseconds=us)


def microseconds(at: datetime) -> int:
    """An aware time as microseconds since the epoch."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def text(at: datetime) -> str:
    """An aware UTC time as a Segment timestamp.

    >>> text(datetime(2026, 1, 2, tzinfo=UTC))
    '2026-01-02T00:00:00.000Z'
    """
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
