"""Postal addresses as Segment writes them: an object of street, city, state, postal code and country."""

from collections.abc import Mapping
from typing import Any

from features.cleansing.country import cleansed_country
from features.cleansing.plain_text import cleansed_text
from features.cleansing.postal_code import cleansed_postal_code
from features.cleansing.verdict import Circumstances, Cleansed

POSTAL_CODE = ("postalCode", "postal_code", "zip", "postcode")
"""The names under which senders give it, the standard one first."""


def cleansed_address(address: Mapping[str, Any], given: Circumstances) -> Cleansed:
    """The address with each part cleansed; a country of its own decides how its postal code is read.

    >>> cleansed_address({"city": " Madrid ", "country": "spain", "postalCode": "28 004"}, Circumstances())
    Cleansed(value={'city': 'Madrid', 'country': 'ES', 'postalCode': '28004'}, rule='address: part by part', note='')
    """
    country = _country(address, given)
    parts = {name: _part(name, value, given._replace(country=country)) for name, value in address.items()}
    value = {name: part.value for name, part in parts.items()}
    notes = "; ".join(f"{name}: {part.note}" for name, part in parts.items() if part.note)
    return Cleansed(value, "" if value == dict(address) else "address: part by part", notes)


def _country(address: Mapping[str, Any], given: Circumstances) -> str:
    stated = address.get("country")
    verdict = cleansed_country(stated, given) if isinstance(stated, str) else None
    return verdict.value if verdict and verdict.usable else given.country


def _part(name: str, value: object, given: Circumstances) -> Cleansed:
    if not isinstance(value, str):
        return Cleansed(value)
    if name == "country":
        return cleansed_country(value, given)
    # An address without any country is an address all the same; only a code that its country does not know is noted.
    return cleansed_postal_code(value, given) if name in POSTAL_CODE and given.country else cleansed_text(value, given)
