"""Kinds of traits: which trait holds what, and what reads it."""

from collections.abc import Callable, Mapping
from typing import Literal

from features.cleansing.country import cleansed_country
from features.cleansing.currency import cleansed_amount, cleansed_currency
from features.cleansing.day import cleansed_day, cleansed_moment
from features.cleansing.email import cleansed_email
from features.cleansing.person_name import cleansed_first_name, cleansed_last_name, cleansed_name
from features.cleansing.phone import cleansed_phone
from features.cleansing.plain_text import cleansed_text
from features.cleansing.postal_code import cleansed_postal_code
from features.cleansing.verdict import Circumstances, Cleansed

Kind = Literal[
    "phone", "email", "name", "first_name", "last_name", "date", "moment", "postal_code", "country", "currency",
    "amount", "address", "text", "none",
]  # fmt: skip
"""`none` leaves a trait as it was sent."""

TEXTS: Mapping[Kind, Callable[[str, Circumstances], Cleansed]] = {
    "phone": cleansed_phone,
    "email": cleansed_email,
    "name": cleansed_name,
    "first_name": cleansed_first_name,
    "last_name": cleansed_last_name,
    "date": cleansed_day,
    "moment": cleansed_moment,
    "postal_code": cleansed_postal_code,
    "country": cleansed_country,
    "currency": cleansed_currency,
    "amount": cleansed_amount,
    "text": cleansed_text,
}
_STANDARD: Mapping[Kind, tuple[str, ...]] = {
    "phone": ("phone", "mobile"),
    "email": ("email",),
    "name": ("name",),
    "first_name": ("firstname", "givenname"),
    "last_name": ("lastname", "surname", "familyname"),
    "date": ("birthday", "birthdate", "dateofbirth", "dob"),
    "moment": ("createdat",),
    "postal_code": ("postalcode", "zip", "zipcode", "postcode"),
    "country": ("country", "nationality"),
    "currency": ("currency",),
    "address": ("address",),
    "text": ("city", "street", "state", "company", "title", "gender"),
}
_BY_NAME: Mapping[str, Kind] = {name: kind for kind, names in _STANDARD.items() for name in names}


def standard_kind(field: str) -> Kind:
    """The kind of a trait by its name in the Segment spec, however it is spelled.

    >>> standard_kind("firstName"), standard_kind("first_name"), standard_kind("shoe_size")
    ('first_name', 'first_name', 'none')
    """
    return _BY_NAME.get(field.replace("_", "").lower(), "none")
