"""How a value is read for comparing: typing errors stay, ways of writing go. What was given stays in its table."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

from features.cleansing.day import cleansed_day
from features.cleansing.phone import international
from features.cleansing.plain_text import says_nothing
from features.cleansing.verdict import Circumstances
from features.matching.kind import Kind

UNREADABLE = "x"
"""Stands for a character of a date that is no digit, so that the others keep their places."""

_LAID_OUT_DAY = re.compile(r"(\w{4})[-/.](\w{2})[-/.](\w{2})(?:[T ].*)?|(\w{4})(\w{2})(\w{2})", re.ASCII)


def compared(kind: Kind, value: str) -> str:
    """The value as it is compared; "" where it says nothing.

    >>> compared("given", " Zoë "), compared("birth_date", "24 May 1971"), compared("birth_date", "1856-0b-18")
    ('zoe', '19710524', '18560x18')
    >>> compared("postal_code", "SW1A 1AA"), compared("city", "St. Ives "), compared("email", "n/a")
    ('sw1a1aa', 'st ives', '')
    """
    return "" if says_nothing(value) else _READERS[kind](value)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()


def _joined(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", _plain(text))


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", _plain(text)))


def _email(text: str) -> str:
    return text.strip().lower()


def _phone(text: str) -> str:
    return re.sub(r"\D", "", international(text) or text)


@lru_cache(maxsize=65_536)
def _day(text: str) -> str:
    """Eight characters, year first; "" for what is no day at all."""
    laid_out = _LAID_OUT_DAY.fullmatch(text.strip())
    if laid_out:
        parts = "".join(part for part in laid_out.groups() if part)
        return re.sub(r"\D", UNREADABLE, parts)
    day = cleansed_day(text, Circumstances(date_order="DMY"))
    return day.value.replace("-", "") if day.usable else ""


_READERS: Mapping[Kind, Callable[[str], str]] = {
    "given": _joined,
    "surname": _joined,
    "name": _words,
    "birth_date": _day,
    "email": _email,
    "phone": _phone,
    "postal_code": _joined,
    "city": _words,
    "street": _words,
    "region": _words,
    "gender": _words,
    "occupation": _words,
    "national_id": _joined,
    "text": _words,
}
