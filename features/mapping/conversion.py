"""Types of mapped columns: what a file's text means, or why it means nothing."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

Convert = Callable[[Any], Any]
"""Reads one value that is not missing; raises `ValueError`, `TypeError` or `OverflowError` of what it cannot read."""

UNIX = {"unix": 1.0, "unix_ms": 1e-3}
"""Formats of moments given as numbers, and their unit in seconds."""
_TRUTHS = dict.fromkeys(["true", "t", "yes", "y", "1"], True) | dict.fromkeys(["false", "f", "no", "n", "0"], False)
_REMEMBERED = 200_000


def text(value: Any) -> str:
    """Read a text; numbers as they are written.

    >>> text(" Ada "), text(7)
    ('Ada', '7')
    """
    return value.strip() if isinstance(value, str) else str(value)


def integer(value: Any) -> int:
    """Read a whole number, also one that a spreadsheet wrote as `17850.0`.

    >>> integer("17850.0"), integer(3)
    (17850, 3)
    """
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            value = float(value)
    if isinstance(value, float) and not value.is_integer():
        raise ValueError
    return int(value)


def number(value: Any) -> float:
    """Read a finite number.

    >>> number("2.55")
    2.55
    """
    read = float(value)
    if not math.isfinite(read):
        raise ValueError
    return read


def boolean(value: Any) -> bool:
    """Read yes or no, in the words in use.

    >>> boolean("Y"), boolean(0)
    (True, False)
    """
    if isinstance(value, bool):
        return value
    try:
        return _TRUTHS[str(value).strip().lower()]
    except KeyError:
        raise ValueError from None


def calendar_day(value: Any) -> str:
    """Read a calendar day, as ISO text."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else date.fromisoformat(value.strip()).isoformat()


def json_value(value: Any) -> Any:
    """Read JSON inside a cell; what is no text is taken as it is."""
    return orjson.loads(value) if isinstance(value, str) else value


def moments(form: str = "", zone: str = "") -> Convert:
    """Make the reader of moments.

    Parameters: `form`, as `strptime` has it, `unix` or `unix_ms` ("": ISO 8601); `zone`, where a moment is that does
    not say so itself ("": it must).

    >>> moments("%d.%m.%Y %H:%M", "Europe/Berlin")("01.03.2026 10:00").isoformat()
    '2026-03-01T09:00:00+00:00'
    """
    place = ZoneInfo(zone) if zone else None
    if form in UNIX:
        unit = UNIX[form]
        return lambda value: datetime.fromtimestamp(number(value) * unit, UTC)

    @lru_cache(maxsize=_REMEMBERED)
    def read(value: Any) -> datetime:
        return _placed(_moment(value, form), place)

    return read


def _moment(value: Any, form: str) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return datetime.strptime(value.strip(), form) if form else datetime.fromisoformat(value.strip())


def _placed(moment: datetime, zone: tzinfo | None) -> datetime:
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def decimal_comma(value: Any) -> float:
    """Read a number written with a decimal comma.

    >>> decimal_comma("1.234,50")
    1234.5
    """
    return number(value.replace(".", "").replace(",", ".") if isinstance(value, str) else value)


PLAIN: Mapping[str, tuple[Convert, str]] = {
    "text": (text, "a text"),
    "integer": (integer, "a whole number"),
    "number": (number, "a finite number"),
    "boolean": (boolean, "yes or no"),
    "date": (calendar_day, "a day such as 2026-03-01"),
    "json": (json_value, "JSON"),
}
"""The types that need no options: how each is read, and what is allowed, in words."""
TYPES = (*PLAIN, "timestamp")
