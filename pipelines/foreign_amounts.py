"""Amounts that events tell in another currency than the catalogue's: no feature adds them to it."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import orjson

from features.stated_currency import stated_currency

LATEST = 100_000
"""Records of events that are looked at."""
_LATEST = "SELECT body FROM record WHERE +kind = 'event' ORDER BY seq DESC LIMIT ?"


def currencies_told(ledger: Path) -> Counter[str]:
    """How many of the latest events state which currency; nothing is changed. Raises `sqlite3.Error`."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        bodies = (orjson.loads(body) for (body,) in connection.execute(_LATEST, (LATEST,)))
        told = (body.get("properties") for body in bodies if body.get("type") == "track")
        found = Counter(stated_currency(properties) for properties in told if isinstance(properties, dict))
    del found[""]
    return found


def told_in_words(found: Counter[str], currency: str) -> str:
    """How many are in another currency, and in which.

    >>> told_in_words(Counter({"EUR": 8, "USD": 2}), "EUR")
    '2 of the latest 10 events that state a currency are in USD: features count EUR alone'
    >>> told_in_words(Counter({"EUR": 8}), "EUR")
    'EUR'
    """
    others = sorted(set(found) - {currency})
    if not others:
        return currency
    n = sum(found[other] for other in others)
    said = f"{n:,} of the latest {found.total():,} events that state a currency are in {', '.join(others[:5])}"
    return f"{said}: features count {currency} alone"
