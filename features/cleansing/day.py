"""Days and moments: ISO 8601 as it stands, a day written otherwise (dateutil) where only one reading is possible.

The library is imported when the first such day is read: a command that reads none should not wait for it.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

from features.cleansing.verdict import Circumstances, Cleansed, changed

AMBIGUOUS = "day or month first? set cleansing.date_order"
DAY_RULE, MOMENT_RULE = "date: ISO 8601", "moment: ISO 8601, UTC"
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_MISSING = datetime(2000, 1, 1), datetime(2004, 2, 2)
"""What a text leaves out is read from one of them, and then shows as a difference."""


def cleansed_day(text: str, given: Circumstances) -> Cleansed:
    """A calendar day, such as a date of birth.

    >>> cleansed_day("17 May 1980", Circumstances()).value, cleansed_day("3/4/1980", Circumstances("", "DMY")).value
    ('1980-05-17', '1980-04-03')
    >>> cleansed_day("3/4/1980", Circumstances()).note
    'day or month first? set cleansing.date_order'
    """
    day, why = _day(text.strip(), given.date_order)
    return changed(text, day, DAY_RULE) if day else Cleansed(text, note=why)


def cleansed_moment(text: str, _: Circumstances) -> Cleansed:
    """A moment with its offset, in UTC.

    >>> cleansed_moment("2026-03-01T10:00:00+01:00", Circumstances()).value
    '2026-03-01T09:00:00Z'
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is not None:
            return changed(text, moment.astimezone(UTC).isoformat().replace("+00:00", "Z"), MOMENT_RULE)
    except (ValueError, OverflowError):
        return Cleansed(text, note="no moment of ISO 8601")
    return Cleansed(text, note="a moment without its offset from UTC")


@lru_cache(maxsize=65_536)
def _day(text: str, order: str) -> tuple[str, str]:
    """The day in ISO 8601, or "" and why not."""
    try:
        return datetime.fromisoformat(text).date().isoformat(), ""
    except ValueError:
        pass
    if not _YEAR.search(text):
        return "", "no day with a year of four digits"
    day_first, month_first = _read(text, day_first=True), _read(text, day_first=False)
    if not day_first or not month_first:
        return "", "no day"
    if day_first == month_first or order:
        return (day_first if order != "MDY" else month_first), ""
    return "", AMBIGUOUS


def _read(text: str, *, day_first: bool) -> str:
    """One reading; "" where the text is no day, or leaves something out. A year in front is followed by the month."""
    from dateutil import parser

    leads = bool(_YEAR.match(text))
    try:
        readings = {
            parser.parse(text, default=default, dayfirst=day_first and not leads, yearfirst=leads).date()
            for default in _MISSING
        }
    except (ValueError, OverflowError):
        return ""
    return readings.pop().isoformat() if len(readings) == 1 else ""
