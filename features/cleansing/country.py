"""Countries: the two letters of ISO 3166, from codes and from names in English and in the country's own language."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.core import get_global

from features.cleansing.plain_text import spaced
from features.cleansing.verdict import Circumstances, Cleansed, changed

RULE = "country: two letters (ISO 3166)"


def cleansed_country(text: str, given: Circumstances) -> Cleansed:
    """The country's two letters.

    >>> cleansed_country("spain", Circumstances()).value, cleansed_country("España", Circumstances("ES")).value
    ('ES', 'ES')
    """
    code = country_code(text, given.country)
    return changed(text, code, RULE) if code else Cleansed(text, note="no country")


def country_beside(traits: Mapping[str, Any], default: str) -> str:
    """The country that a record's traits name, in `country` or in `address`, else the default.

    >>> country_beside({"address": {"country": "Spain"}}, "FR"), country_beside({"country": 7}, "FR")
    ('ES', 'FR')
    """
    country, address = traits.get("country"), traits.get("address")
    if not isinstance(country, str) and isinstance(address, Mapping):
        country = address.get("country")
    return (country_code(country, default) if isinstance(country, str) else "") or default


@lru_cache(maxsize=4_096)
def country_code(text: str, home: str = "") -> str:
    """The two letters of a country; "" where it is none. `home` adds the names in that country's language.

    >>> country_code("ESP"), country_code("gb"), country_code("Narnia")
    ('ES', 'GB', '')
    """
    word = spaced(text)
    code = word.upper()
    if code in _codes():
        return code
    alias = get_global("territory_aliases").get(code, ())
    return alias[0] if len(alias) == 1 else _names(home).get(word.casefold(), "")


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    codes = map(str, Locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha() and code != "ZZ")


@lru_cache(maxsize=256)
def _names(home: str) -> dict[str, str]:
    locales = [Locale("en")] + ([Locale.parse(f"und_{home}")] if home else [])
    return {
        str(name).casefold(): str(code)
        for locale in locales
        for code, name in locale.territories.items()
        if code in _codes()
    }
