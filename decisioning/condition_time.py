"""Moments and durations in conditions: seconds since 1970 (UTC), and seconds; numbers, once they are read."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from decisioning.condition_kind import Kinds
from decisioning.condition_tree import Constant

NOW, TODAY = "now", "today"
CLOCK = (NOW, TODAY)
CLOCK_KINDS: Kinds = dict.fromkeys(CLOCK, "moment")
"""The names that every condition of a catalogue may read: the moment, and the midnight with which its day began."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS: Mapping[str, float] = {"SECOND": 1.0, "MINUTE": 60.0, "HOUR": 3600.0, "DAY": 86400.0, "WEEK": 604800.0}
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,12})?")
UNITS = "seconds, minutes, hours, days and weeks"
DATES = "DATE '2026-12-31' and TIMESTAMP '2026-12-31 10:00:00+01:00' (UTC where no offset is given)"
_SPOKEN = re.compile(
    r"(?P<kept>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\bINTERVAL\b\s*\S+)"
    r"|(?<![\w.])(?P<number>\d+(?:\.\d+)?)\s+(?P<unit>second|minute|hour|day|week)s?\b",
    re.IGNORECASE | re.DOTALL,
)


def seconds_of(moment: datetime) -> float:
    """A moment as conditions see it.

    >>> seconds_of(datetime(1970, 1, 2, tzinfo=UTC))
    86400.0
    """
    return (moment - EPOCH) / timedelta(seconds=1)


def clock_values(now: datetime, local: datetime) -> dict[str, float]:
    """What `now` and `today` are. Parameters: `local`, now on the customer's clock, whose day today is.

    A day is what `DATE` makes of it, its midnight in UTC: days are compared as days, whatever the zone.

    >>> clock_values(EPOCH, EPOCH)
    {'now': 0.0, 'today': 0.0}
    """
    day = datetime(local.year, local.month, local.day, tzinfo=UTC)
    return {NOW: seconds_of(now), TODAY: seconds_of(day)}


def spelled(text: str) -> str:
    """The text with its durations as SQL has them.

    >>> spelled("contract_end < today + 60 days AND plan = '60 days'")
    "contract_end < today + INTERVAL '60' day AND plan = '60 days'"
    """
    return _SPOKEN.sub(lambda found: found["kept"] or f"INTERVAL '{found['number']}' {found['unit']}", text)


def duration(number: str, unit: str) -> Constant | None:
    """The constant that so many of a unit are; None of what is no number or no unit.

    >>> duration("1.5", "HOURS")
    Constant(value=5400.0)
    """
    seconds = _SECONDS.get(unit.upper().removesuffix("S"))
    if seconds is None or not _NUMBER.fullmatch(number):
        return None
    return Constant(float(number) * seconds, "duration")


def moment(text: str, *, day: bool) -> Constant | None:
    """The constant that a date or (`day` false) a timestamp is; None where it is none.

    >>> moment("1970-01-02", day=True), moment("1970-01-02", day=False), moment("soon", day=True)
    (Constant(value=86400.0), Constant(value=86400.0), None)
    """
    try:
        read = datetime.fromisoformat(text)
        seconds = seconds_of(read if read.tzinfo else read.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
    return None if day and len(text) != len("2026-12-31") else Constant(seconds, "moment")
