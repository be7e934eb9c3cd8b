"""Currencies and amounts: ISO 4217, and decimal numbers as a country writes them (Babel)."""

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberFormatError, parse_decimal

from features.cleansing.plain_text import spaced
from features.cleansing.verdict import Circumstances, Cleansed, changed

CURRENCY_RULE, AMOUNT_RULE = "currency: three letters (ISO 4217)", "amount: decimal, with its currency"
_NUMBER = re.compile(r"[-+]?\d(?:[\d.,'\s]*\d)?")


def cleansed_currency(text: str, given: Circumstances) -> Cleansed:
    """The currency's three letters.

    >>> cleansed_currency("€", Circumstances()).value, cleansed_currency("$", Circumstances("MX")).value
    ('EUR', 'MXN')
    """
    code = currency_code(text, given.country)
    return changed(text, code, CURRENCY_RULE) if code else Cleansed(text, note="no currency")


def cleansed_amount(text: str, given: Circumstances) -> Cleansed:
    """A sum of money, with the currency that it names, else that of its record, else None.

    >>> cleansed_amount("1.234,50 €", Circumstances("ES")).value
    {'amount': '1234.50', 'currency': 'EUR'}
    >>> cleansed_amount("1,234.50", Circumstances("US", currency="USD")).value
    {'amount': '1234.50', 'currency': 'USD'}
    """
    found = _NUMBER.search(text)
    amount = _decimal(found.group(), given.country) if found else ""
    named = spaced(text.replace(found.group(), " ", 1)) if found else ""
    currency = currency_code(named, given.country) if named else given.currency
    if not amount or (named and not currency):
        return Cleansed(text, note="no amount" if not amount else "an amount in no known currency")
    return Cleansed({"amount": amount, "currency": currency or None}, AMOUNT_RULE)


@lru_cache(maxsize=4_096)
def currency_code(text: str, country: str = "") -> str:
    """The three letters of a currency's code, name or symbol, as the country uses them; "" where it is none.

    >>> currency_code("eur"), currency_code("US Dollar"), currency_code("chips")
    ('EUR', 'USD', '')
    """
    word = spaced(text)
    locale = _locale(country)
    if word.upper() in locale.currencies:
        return word.upper()
    return _words(country).get(word.casefold(), "")


@lru_cache(maxsize=65_536)
def _decimal(text: str, country: str) -> str:
    plain = re.sub(r"[\s']", "", text)
    try:
        return str(parse_decimal(plain, locale=_locale(country), strict=True))
    except NumberFormatError:
        return _unlocalised(plain)


def _unlocalised(text: str) -> str:
    """The number where its only mark is a point with other than three digits behind it; "" otherwise."""
    try:
        return str(Decimal(text)) if not re.search(r"[.]\d{3}$", text) else ""
    except InvalidOperation:
        return ""


def _locale(country: str) -> Locale:
    return Locale.parse(f"und_{country}") if country else Locale("en")


@lru_cache(maxsize=256)
def _words(country: str) -> dict[str, str]:
    locale = _locale(country)
    names = {name.casefold(): code for code, name in Locale("en").currencies.items()}
    names |= {name.casefold(): code for code, name in locale.currencies.items()}
    return names | {symbol.casefold(): code for code, symbol in locale.currency_symbols.items()}
