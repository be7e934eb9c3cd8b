"""Readings: what makes a number of a property, or of a whole fact, where the property is not the number itself.

Each has a name, so that a declaration that uses it is still data: equal names, equal readings.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

import numpy as np

from features.fact import Fact
from features.fact_columns import FactColumns
from features.products import lone_amounts, lone_quantities, ordered_amount, ordered_quantity
from features.runs import Floats
from features.sentiment import sentiment_of
from features.vocabulary import country_code, gender_code, language_code

DAYPARTS = ("night", "morning", "afternoon", "evening")
"""Six hours each, from midnight on."""
BUCKETS = 192
"""Into so many buckets things are counted that shall be told apart."""
_NAN = float("nan")
HOURS_A_PART = 6
_HOUR_US = 3_600_000_000
_SECOND_US = 1_000_000.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bucket_of(given: object) -> float:
    """The bucket, 0 to 191, of a text or number; NaN of what is empty or neither."""
    if isinstance(given, bool) or not isinstance(given, str | int | float) or given == "":
        return _NAN
    return float(int.from_bytes(blake2b(str(given).encode("utf-8", "replace"), digest_size=8).digest()) % BUCKETS)


def day_of(given: object) -> float:
    """The day that a text begins with, YYYY-MM-DD, as the number YYYYMMDD; NaN of anything else.

    >>> day_of("1984-02-29T00:00:00Z"), day_of("1985-02-29")
    (19840229.0, nan)
    """
    try:
        day = date.fromisoformat(given[:10]) if isinstance(given, str) else None
    except ValueError:
        return _NAN
    return day_number(day) if day else _NAN


def moment_of(given: object) -> float:
    """The moment that a text says, ISO 8601, in seconds since 1970 (UTC); NaN of anything else.

    A day alone is its midnight, in UTC, as is a time without an offset.

    >>> moment_of("1970-01-02"), moment_of("1970-01-01T01:00:00+01:00"), moment_of(7)
    (86400.0, 0.0, nan)
    """
    try:
        read = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return _NAN
    if read is None:
        return _NAN
    return ((read if read.tzinfo else read.replace(tzinfo=UTC)) - _EPOCH) / timedelta(seconds=1)


def _occurred(fact: Fact, _: str) -> float:
    """When the fact happened, in seconds since 1970 (UTC)."""
    return fact.occurred_us / _SECOND_US


def _occurred_columns(facts: FactColumns) -> Floats | None:
    return facts.occurred_us / _SECOND_US


def day_number(day: date) -> float:
    """A day as the number YYYYMMDD."""
    return float(day.year * 10_000 + day.month * 100 + day.day)


def daypart_of(fact: Fact, _: str) -> float:
    """The part of the day, as its place in `DAYPARTS`, by the clock of the event's own time zone, else by UTC."""
    zone = _zone(fact.timezone)
    if zone is None:
        return float(fact.occurred_us // _HOUR_US % 24 // HOURS_A_PART)
    return float((_EPOCH + timedelta(microseconds=fact.occurred_us)).astimezone(zone).hour // HOURS_A_PART)


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError):
        return None


def _country(fact: Fact, _: str) -> float | None:
    """The trait `country`, or that of the trait `address`."""
    address = fact.properties.get("address")
    inner = address.get("country") if isinstance(address, Mapping) else None
    given = fact.properties.get("country", inner)
    return None if given is None else country_code(given)


def _language(fact: Fact, _: str) -> float | None:
    """The trait `language`, or that of the trait `locale`."""
    given = fact.properties.get("language", fact.properties.get("locale"))
    return None if given is None else language_code(given)


def _sentiment(given: object) -> float:
    return sentiment_of(given) if isinstance(given, str) else _NAN


def _present(given: object) -> float:
    """Whether a property says anything."""
    return float(given not in (None, "", False))


def _cart_quantity(fact: Fact, _: str) -> float:
    """How many pieces a cart event puts in; those removed, and those an order takes, count below zero."""
    return ordered_quantity(fact.properties) * _into_cart(fact.name)


def _cart_amount(fact: Fact, _: str) -> float:
    """As the quantity, in money."""
    return ordered_amount(fact.properties, "") * _into_cart(fact.name)


def _into_cart(name: str) -> float:
    return 1.0 if name == "Product Added" else -1.0


def _cart_quantities(facts: FactColumns) -> Floats | None:
    return None if "products" in facts.named else lone_quantities(facts.properties) * _into_cart(facts.name)


def _cart_amounts(facts: FactColumns) -> Floats | None:
    return None if "products" in facts.named else lone_amounts(facts.properties) * _into_cart(facts.name)


def _dayparts(facts: FactColumns) -> Floats | None:
    if facts.timezones:
        return None
    return (facts.occurred_us // _HOUR_US % 24 // HOURS_A_PART).astype(np.float64)


def _category_amount(fact: Fact, category: str) -> float | None:
    """The money of the products of one category; None where there is none of it."""
    amount = ordered_amount(fact.properties, category)
    return None if amount != amount else amount


VALUE_READINGS: Mapping[str, Callable[[object], float]] = {
    "bucket": bucket_of,
    "day": day_of,
    "gender": gender_code,
    "moment": moment_of,
    "present": _present,
    "sentiment": _sentiment,
}
"""By name: a number of the property that is read; NaN where it cannot be used."""
FACT_READINGS: Mapping[str, Callable[[Fact, str], float | None]] = {
    "cart_amount": _cart_amount,
    "cart_quantity": _cart_quantity,
    "category_amount": _category_amount,
    "country": _country,
    "daypart": daypart_of,
    "language": _language,
    "occurred": _occurred,
}
"""By name: a number of the whole fact, and of what the probe reads; None where the fact says nothing to it."""
COLUMN_READINGS: Mapping[str, Callable[[FactColumns], Floats | None]] = {
    "cart_amount": _cart_amounts,
    "cart_quantity": _cart_quantities,
    "daypart": _dayparts,
    "occurred": _occurred_columns,
}
"""Those of them that read many facts of one type and name at once; None where they have to be read one by one."""
