"""The currency that an event says its amounts are in."""

from collections.abc import Mapping
from typing import Any

CODE = 3
"""Letters of a currency (ISO 4217)."""


def stated_currency(properties: Mapping[str, Any]) -> str:
    """The three letters in `currency`; nothing where that is no code of three letters.

    >>> stated_currency({"currency": "usd"}), stated_currency({"currency": "$"}), stated_currency({})
    ('USD', '', '')
    """
    said = properties.get("currency")
    return said.upper() if isinstance(said, str) and len(said) == CODE and said.isalpha() else ""


def is_in(properties: Mapping[str, Any], currency: str) -> bool:
    """Whether amounts are in a currency; they are where none is stated."""
    return stated_currency(properties) in ("", currency)
